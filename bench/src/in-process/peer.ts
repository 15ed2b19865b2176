import { setImmediate as turn } from 'node:timers/promises'
import type { Sessions } from '@holdfast/core'
import { isPromise, NoRequest, type OpenSession } from '@holdfast/core/engine'
import { storeOn } from '../databases/clients.js'
import type { DatabaseAddress } from '../databases/model.js'
import { serve } from '../harness/serve.js'
import { percentile } from '../harness/statistics.js'
import { COOKIE } from '../harness/visitors.js'
import { manager } from './setup.js'

/** What one application process among several is asked to do. */
export type PeerMessage =
  | {
      readonly kind: 'open'
      readonly database: DatabaseAddress
      readonly key: string
      /** Whether it keeps what it has read. */
      readonly cached: boolean
      readonly tokens: readonly string[]
      /** By how much its clock is off. */
      readonly later: number
    }
  | { readonly kind: 'see'; readonly token: string }
  | { readonly kind: 'watch'; readonly token: string }
  | { readonly kind: 'load'; readonly perSecond: number }
  | { readonly kind: 'rate'; readonly lanes: number; readonly ms: number }

export interface Rate {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
}

const TICK = 10
const WRITES = 0.1

let sessions: Sessions<Record<string, string>>
let tokens: readonly string[] = []

serve(async (message: PeerMessage) => {
  if (message.kind === 'see') return look(message.token)
  if (message.kind === 'watch') return watch(message.token)
  if (message.kind === 'rate') return rate(message.lanes, message.ms)
  if (message.kind === 'load') return load(message.perSecond)
  const cache = message.cached ? {} : { cacheSize: 0 }
  const clock = (): number => Date.now() + message.later
  const options = { ...cache, clock, sweepInterval: Infinity }
  sessions = manager(message, storeOn(message.database), options)
  tokens = message.tokens
  return tokens.length
})

/** Whether the session is live. */
async function look(token: string): Promise<boolean> {
  const open = await opened(token)
  const live = open.record !== null
  open.close()
  return live
}

function opened(token: string): OpenSession | Promise<OpenSession> {
  return sessions.open(sessions.tokenKeys(COOKIE), new NoRequest(token))
}

/** When the session was first refused, by the clock of this host. One look in each turn of the event loop. */
async function watch(token: string): Promise<number> {
  for (;;) {
    const answer = opened(token)
    const open = isPromise(answer) ? await answer : answer
    if (open.record === null) return Number(process.hrtime.bigint())
    open.close()
    await turn()
  }
}

/** So many checks a second from now on, some of which write. */
function load(perSecond: number): Promise<void> {
  let at = 0
  const one = async (): Promise<void> => {
    at += 1
    const open = await opened(tokens[at % tokens.length] ?? '')
    if (at * WRITES === Math.floor(at * WRITES)) {
      open.data.set('app', 'visits', String(at))
      await open.commit()
    }
    open.close()
  }
  setInterval(() => {
    for (let n = 0; n < (perSecond * TICK) / 1000; n++) void one()
  }, TICK)
  return Promise.resolve()
}

/** As many checks as there is time for. */
async function rate(lanes: number, ms: number): Promise<Rate> {
  const latencies: number[] = []
  const start = performance.now()
  let at = 0
  const lane = async (): Promise<void> => {
    for (let begun = performance.now(); begun < start + ms; begun = performance.now()) {
      at += 1
      if (!(await look(tokens[at % tokens.length] ?? ''))) throw new Error('a wrong answer')
      latencies.push(performance.now() - begun)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  const perSecond = (latencies.length * 1000) / (performance.now() - start)
  return { perSecond, p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) }
}
