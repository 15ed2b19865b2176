import type { IncomingMessage, ServerResponse } from 'node:http'
import type { JsonValue } from '@holdfast/core'
import { codeOf } from './code-of.js'
import { Gates } from './gates.js'
import { nodeScripts, type Script } from './node-scripts.js'
import type { AppReply, AppRequest, AppSession, StandardApp } from './suite.js'

type Step = (
  session: AppSession,
  args: readonly string[],
  gates: Gates,
) => JsonValue | void | Promise<JsonValue | void>

/** What a request can ask the application to do with its session: `?do=set+cart+3&do=me`. */
const STEPS: Readonly<Record<string, Step>> = {
  wait: (_session, [gate = ''], gates) => gates.wait(gate),
  me: ({ id, subject }) => ({ id, subject }),
  get: (session, [key = '']) => session.get(key) ?? null,
  keys: (session) => [...session.keys()],
  set: (session, [key = '', value = '']) => session.set(key, value),
  unset: (session, [key = '']) => session.unset(key),
  count: async (session, [key = '']) =>
    (await session.update(key, (value) => (typeof value === 'number' ? value : 0) + 1)) ?? null,
  login: (session, [subject = '', remember]) =>
    session.authenticate(subject, { remember: remember === 'remember' }),
  reauthenticate: (session) => session.reauthenticate(),
  rotate: (session) => session.rotate(),
  touch: (session) => session.touch(),
  logout: (session) => session.revoke('logout'),
  csrf: (session) => session.csrfToken(),
  verify: (session, [token = '']) => session.verifyCsrfToken(token),
}

/** The application that the cases run on. Paths say how it answers, `do` what it does before. */
export class CaseApp implements StandardApp {
  readonly gates: Gates = new Gates()
  /** Sees the session of each request that the application gets. */
  onSession: ((session: AppSession) => void) | null = null
  /** Requests that have reached the application. */
  requests = 0

  answer(request: AppRequest, session: AppSession): AppReply | Promise<AppReply> {
    this.requests += 1
    this.onSession?.(session)
    const url = new URL(request.url, 'http://app')
    if (url.pathname !== '/throw-sync') return this.#answer(url, session)
    session.set('before', 'throw')
    throw new Error('the application failed at once')
  }

  onNode(
    req: Pick<IncomingMessage, 'url'>,
    res: ServerResponse,
    session: AppSession,
  ): Promise<void> | null {
    const url = new URL(req.url ?? '/', 'http://app')
    const script = nodeScripts[/^\/node\/(.+)$/.exec(url.pathname)?.[1] ?? '']
    if (script === undefined) return null
    this.requests += 1
    return this.#play(script, res, url, session)
  }

  async #play(script: Script, res: ServerResponse, url: URL, session: AppSession): Promise<void> {
    await this.#steps(url, session)
    await script(res, { session, gates: this.gates, query: url.searchParams })
  }

  async #answer(url: URL, session: AppSession): Promise<AppReply> {
    const out = await this.#steps(url, session)
    switch (url.pathname) {
      case '/redirect':
        return { ...EMPTY, status: 303, redirect: '/json' }
      case '/empty':
        return { ...EMPTY, status: Number(url.searchParams.get('status')) }
      case '/stream':
        return { ...OK, body: chunks(Number(url.searchParams.get('count') ?? '3')) }
      case '/late':
        return { ...OK, body: late(session) }
      case '/throw':
        throw new Error('the application failed later')
      default:
        return { ...OK, headers: [JSON_TYPE, ...own(url)], body: JSON.stringify({ out }) }
    }
  }

  async #steps(url: URL, session: AppSession): Promise<readonly JsonValue[]> {
    const out: JsonValue[] = []
    for (const text of url.searchParams.getAll('do')) {
      const [name = '', ...args] = text.split(' ')
      out.push((await STEPS[name]?.(session, args, this.gates)) ?? null)
    }
    return out
  }
}

const JSON_TYPE = ['Content-Type', 'application/json'] as const
const EMPTY: AppReply = { status: 200, headers: [], body: null, redirect: null }
const OK: AppReply = { ...EMPTY, headers: [['Content-Type', 'text/plain']] }

/** The headers that the request wants to see in its answer: `?header=Vary:Accept`. */
function own(url: URL): readonly (readonly [string, string])[] {
  return url.searchParams.getAll('header').map((line) => {
    const [name = '', value = ''] = line.split(/:(.*)/s)
    return [name, value] as const
  })
}

/** `count` chunks of 64 KiB, each of one letter. */
async function* chunks(count: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < count; at++) {
    await Promise.resolve()
    yield Buffer.alloc(65_536, 97 + (at % 26))
  }
}

/** Changes the session when the response has begun, and says what that was answered with. */
async function* late(session: AppSession): AsyncGenerator<Uint8Array> {
  yield Buffer.from('begun;')
  await new Promise(setImmediate)
  yield Buffer.from(await codeOf(() => session.set('late', '1')))
  yield Buffer.from(`;${await codeOf(() => session.authenticate('late'))}`)
}
