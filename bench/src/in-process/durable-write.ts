import { lmdbStore } from '@holdfast/lmdb'
import type { Sessions } from '@holdfast/core'
import { NoRequest } from '@holdfast/core/engine'
import type { SessionStore } from '@holdfast/core/store'
import { percentile } from '../harness/statistics.js'
import { mainThreadNanoseconds } from '../harness/stopwatch.js'
import { COOKIE } from '../harness/visitors.js'
import type { Figures, MeasureInput } from '../model.js'
import { manager, tokensOf } from './setup.js'

type Write = (index: number) => Promise<unknown>

/**
 * Durable writes by `count` clients at once. What the event loop spends on them is its thread's time on the processor;
 * the time in which it was not idle is given beside it.
 */
export async function measure(input: MeasureInput): Promise<Figures> {
  const store = lmdbStore(input.folder)
  const sessions = manager(input, store)
  const tokens = await tokensOf(sessions, input.scale.sessions)
  const write =
    input.variant === 'store' ? storeWrite(store, tokens) : sessionWrite(sessions, tokens)
  await run(write, input.count, tokens.length, input.scale.warmUpMs)
  const figures = await run(write, input.count, tokens.length, input.scale.writeMs)
  await sessions.close()
  return figures
}

/** The store alone, as a database would be measured: one key of one record. */
function storeWrite(store: SessionStore, tokens: readonly string[]): Write {
  let turn = 0
  return async (index) => {
    const set = new Map([['app:visits', String(turn++)]])
    const id = (tokens[index] ?? '').slice(0, 22)
    const result = await store.update(id, { now: Date.now(), set })
    if (result.status !== 'updated') throw new Error('a write was refused')
  }
}

/** All that a request with a write costs: check, session, change, commit. */
function sessionWrite<Data extends object>(
  sessions: Sessions<Data>,
  tokens: readonly string[],
): Write {
  const keys = sessions.tokenKeys(COOKIE)
  let turn = 0
  return async (index) => {
    const open = await sessions.open(keys, new NoRequest(tokens[index] ?? null))
    open.data.set('app', 'visits', turn++)
    await open.commit()
    open.close()
  }
}

async function run(write: Write, clients: number, records: number, ms: number): Promise<Figures> {
  const latencies: number[] = []
  const idle = performance.eventLoopUtilization()
  const before = mainThreadNanoseconds()
  const start = performance.now()
  let next = 0
  const client = async (): Promise<void> => {
    while (performance.now() - start < ms) {
      const began = performance.now()
      await write(next++ % records)
      latencies.push(performance.now() - began)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  const seconds = (performance.now() - start) / 1000
  const operations = latencies.length
  return {
    loop: (mainThreadNanoseconds() - before) / 1000 / operations,
    active: (performance.eventLoopUtilization(idle).active * 1000) / operations,
    perSecond: operations / seconds,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  }
}
