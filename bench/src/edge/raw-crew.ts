import cluster from 'node:cluster'
import { createServer } from 'node:http'
import { serve } from '../harness/serve.js'
import type { Started } from '../http/model.js'
import { anonymous } from '../http/variants/anonymous.js'
import { startServer } from '../http/variants/raw-check.js'
import type { RawCrewInput } from './crew.js'

// node:http in several processes, which take connections from one socket as the daemon's workers do: by the kernel.
if (cluster.isPrimary) serve(begin)
else await answer(process.env['BENCH_KEY'] ?? '')

async function begin({ workers, sessions, key }: RawCrewInput): Promise<Started> {
  cluster.schedulingPolicy = cluster.SCHED_NONE
  const ports = Array.from(
    { length: workers },
    () =>
      new Promise<number>((resolve) => {
        cluster.fork({ BENCH_KEY: key }).once('listening', ({ port }) => resolve(port))
      }),
  )
  const [port = 0] = await Promise.all(ports)
  return { port, cookies: anonymous(sessions) }
}

/** A worker, which ends with the primary process. */
async function answer(key: string): Promise<void> {
  const input = {
    kind: 'start',
    variant: '',
    sessions: 0,
    folder: '',
    key,
    database: null,
  } as const
  const { listener } = await startServer(input)
  if (typeof listener === 'function') createServer(listener).listen(0, '127.0.0.1')
}
