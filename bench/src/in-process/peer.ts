import type { JsonWebKey } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import type { Sessions } from '@holdfast/core'
import { isPromise, NoRequest, type OpenSession } from '@holdfast/core/engine'
import { importSigningKey, TokenError, type Tokens } from '@holdfast/tokens'
import { storeOn } from '../databases/clients.js'
import type { DatabaseAddress } from '../databases/model.js'
import { serve } from '../harness/serve.js'
import { percentile } from '../harness/statistics.js'
import { COOKIE } from '../harness/visitors.js'
import { issuerOf } from './access-tokens.js'
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
      /** What signs access tokens, for a process that checks them instead of cookies. */
      readonly signingKey?: JsonWebKey
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
let issuer: Tokens | null = null

serve(async (message: PeerMessage) => {
  if (message.kind === 'see') return look(message.token)
  if (message.kind === 'watch') return watch(message.token)
  if (message.kind === 'rate') return rate(message.lanes, message.ms)
  if (message.kind === 'load') return load(message.perSecond)
  const cache = message.cached ? {} : { cacheSize: 0 }
  const clock = (): number => Date.now() + message.later
  const options = { ...cache, clock, sweepInterval: Infinity }
  sessions = manager(message, storeOn(message.database), options)
  if (message.signingKey !== undefined)
    issuer = issuerOf(sessions, importSigningKey(message.signingKey))
  tokens = message.tokens
  return tokens.length
})

/** Whether the session is live. */
function look(token: string): boolean | Promise<boolean> {
  return issuer === null ? lookAtCookie(token) : lookAtAccess(issuer, token)
}

function lookAtCookie(token: string): boolean | Promise<boolean> {
  const open = opened(token)
  return isPromise(open) ? open.then(isLive) : isLive(open)
}

function isLive(open: OpenSession): boolean {
  open.close()
  return open.record !== null
}

function lookAtAccess(by: Tokens, token: string): boolean | Promise<boolean> {
  const refused = (error: unknown): boolean => {
    if (error instanceof TokenError) return false
    throw error
  }
  try {
    const claims = by.verify(token)
    return isPromise(claims) ? claims.then(() => true, refused) : true
  } catch (error) {
    return refused(error)
  }
}

function opened(token: string): OpenSession | Promise<OpenSession> {
  return sessions.open(sessions.tokenKeys(COOKIE), new NoRequest(token))
}

/** When the session was first refused, by the clock of this host. One look in each turn of the event loop. */
async function watch(token: string): Promise<number> {
  for (;;) {
    const answer = look(token)
    const live = isPromise(answer) ? await answer : answer
    if (!live) return Number(process.hrtime.bigint())
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
