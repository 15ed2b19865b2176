import { Client } from './client.js'
import { HistoryFile } from './history.js'
import type { FromWorker, ToWorker, WorkerConfig } from './messages.js'
import { Population } from './population.js'
import { seeded } from '@holdfast/test-servers/random'
import { openStore } from './stores.js'
import { now } from './time.js'
import { Workload } from './workload.js'

// One application process: told what to do by messages, it writes all that it did to its history file.

function tell(message: FromWorker): void {
  if (process.connected) process.send?.(message)
}

async function start(config: WorkerConfig): Promise<(message: ToWorker) => void> {
  const history = new HistoryFile(config.history)
  const { worker } = config
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (error: unknown) => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
      history.mark({ mark: 'crash', worker, at: now(), error: `${event}: ${text}` })
    })
  const random = seeded(config.seed)
  const population = new Population(random)
  const client = new Client(worker, await openStore(config.store), history)
  const workload = new Workload(client, config, population, random, tell)
  void workload.run().then(async () => {
    await client.sessions.close()
    process.exit(0)
  })
  tell({ kind: 'ready' })
  return (message) => {
    if (message.kind === 'session') population.add(message.session)
    else if (message.kind === 'ended') population.end(message.id)
    else if (message.kind === 'stop') workload.stop()
    else if (message.kind === 'clock') {
      client.offset = message.offset
      history.mark({ mark: 'clock', at: now() })
    }
  }
}

let running: Promise<(message: ToWorker) => void> | null = null
process.on('message', (message: ToWorker) => {
  if (message.kind === 'start') running = start(message.config)
  // What is told while the store is opened is heard afterwards, in its order.
  else void running?.then((hear) => hear(message))
})
// Without its parent it has nothing to do.
process.once('disconnect', () => process.exit(0))
