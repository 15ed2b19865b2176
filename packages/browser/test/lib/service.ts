import type { IncomingMessage, ServerResponse } from 'node:http'
import { createSessions, minutes, type Sessions } from '@holdfast/core'
import { memoryStore } from '@holdfast/memory'
import { fetchHandler, withSession } from '@holdfast/node'
import {
  createKeySet,
  createTokens,
  generateSigningKey,
  type KeySet,
  type Tokens,
} from '@holdfast/tokens'
import { serveApi } from './api.js'
import { listen } from './listen.js'
import { type Others, startOthers } from './others.js'
import { serveFile } from './page.js'
import { signInBeside, signInNative } from './native.js'

/** Answers a request in place of the service: a portal, a broken proxy, a line that is cut. */
type Intruder = (req: IncomingMessage, res: ServerResponse) => void

/** Pages, an API and the endpoints of its tokens, on the real packages; and a server at another origin. */
export interface Service {
  readonly origin: string
  /** Another origin of the same site, which has pages alone: those of the client `spa`. */
  readonly neighbour: string
  /** An unrelated site, which answers everybody and notes what they bring. Its pages are those of the client `native`. */
  readonly elsewhere: string
  readonly sessions: Sessions
  /** `method path status` of every request but those for files. */
  readonly log: readonly string[]
  /** What requests said that reached the token endpoint. */
  readonly renewals: readonly URLSearchParams[]
  /** `method path authorization` of every request at the other origin. */
  readonly foreign: readonly string[]
  /** Who answers in place of the service, by path. */
  readonly intruders: Map<string, Intruder>
  /** What the token endpoint's answers wait for, after the work is done. */
  hold: Promise<void>
  /** How many requests of the log begin with this text. */
  count(start: string): number
  /** Waits for a request whose method and path are these. */
  waitFor(request: string): Promise<void>
  /** Lets time pass for the server. */
  advance(milliseconds: number): void
  stop(): Promise<void>
}

export async function startService(): Promise<Service> {
  let passed = 0
  const clock = (): number => Date.now() + passed
  const sessions = createSessions({
    store: memoryStore(),
    keys: ['a key for tests, of which nobody knows: 0123456789'],
    idleTimeout: minutes(5),
    clock,
  })
  const log: string[] = []
  const renewals: URLSearchParams[] = []
  const waiting = new Map<string, () => void>()
  const intruders = new Map<string, Intruder>()
  const others = await startOthers()
  const { neighbour, elsewhere, foreign } = others
  const here = await listen('localhost', (origin) => {
    const keys = createKeySet([generateSigningKey()])
    const tokens = issuer(sessions, keys, origin, others)
    const endpoints = fetchHandler(async (request, info) => {
      const { method, url } = request
      if (method !== 'POST' || !url.endsWith('/auth/token')) return tokens.handler(request, info)
      renewals.push(new URLSearchParams(await request.clone().text()))
      const response = await tokens.handler(request, info)
      await service.hold
      return response
    })
    const api = serveApi(tokens, keys, { origin, elsewhere, now: clock })
    const signIn = withSession(
      sessions,
      async (_req, res, session) => {
        await session.authenticate('ada', { methods: ['pwd'] })
        res.end('{}')
      },
      { development: true, trustedOrigins: [neighbour] },
    )
    const beside = signInBeside(sessions, tokens)
    return (req, res) => {
      const { method, url = '' } = req
      if (serveFile(url, res)) return
      res.setHeader('Date', new Date(clock()).toUTCString())
      res.on('finish', () => log.push(`${method} ${url} ${res.statusCode}`))
      waiting.get(`${method} ${url}`)?.()
      if (!url.startsWith('/auth/') && others.admit(req, res)) return
      const intruder = intruders.get(url)
      if (intruder !== undefined) intruder(req, res)
      else if (url === '/sign-in') signIn(req, res)
      else if (url === '/sign-in/beside') beside(req, res)
      else if (url === '/sign-in/native') signInNative(tokens, origin, req, res)
      else endpoints(req, res, () => api(req, res))
    }
  })
  const service: Service = {
    origin: here.origin,
    neighbour,
    elsewhere,
    sessions,
    log,
    renewals,
    foreign,
    intruders,
    hold: Promise.resolve(),
    count: (start) => log.filter((line) => line.startsWith(start)).length,
    waitFor: (request) =>
      new Promise((resolve) => {
        waiting.set(request, resolve)
      }),
    advance: (milliseconds) => {
      passed += milliseconds
    },
    stop: async () => {
      await Promise.all([here.stop(), others.stop()])
      await sessions.close()
    },
  }
  return service
}

function issuer(
  sessions: Sessions,
  keys: KeySet,
  origin: string,
  { neighbour, elsewhere }: Others,
): Tokens {
  return createTokens(sessions, {
    issuer: origin,
    audience: 'tests',
    keys,
    clients: [
      { id: 'spa', type: 'browser', scope: 'read write', origins: [neighbour] },
      { id: 'native', type: 'native', scope: 'read write', origins: [elsewhere] },
    ],
    accessTokenLifetime: minutes(1),
    transport: { development: true },
  })
}
