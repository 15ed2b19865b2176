import {
  createSessions,
  DEFAULT_AUDIENCE,
  SessionError,
  type Session,
  type Sessions,
} from '@holdfast/core'
import type { SessionStore } from '@holdfast/core/store'
import { fetchSessions, type Open } from '@holdfast/http'
import type { HistoryFile, Operation, OperationName } from './history.js'
import { now } from './time.js'

export type Data = Record<string, number>
type Seen = Partial<Operation>
type About = Pick<Operation, 'name'> &
  Partial<Pick<Operation, 'session' | 'subject' | 'key' | 'value'>>

/** Errors that say for sure that nothing was changed. */
const CERTAIN = new Set(['ERR_SESSION_ENDED', 'ERR_SESSION_LIMIT', 'ERR_SESSION_NOT_AUTHENTICATED'])
const KEYS = ['the fault suite signs its tokens with this key and no other']
const URL = 'https://app.test/'

/** Which operations change nothing, so that one which nobody saw the end of need not be known. */
const READS: ReadonlySet<OperationName> = new Set(['check', 'read', 'look'])

/** One worker's application: sessions over a store, and every call of them noted. */
export class Client {
  readonly sessions: Sessions<Data>
  /** What this worker's clock is off by. */
  offset = 0
  readonly #open: Open<Data>
  readonly #worker: number
  readonly #history: HistoryFile

  constructor(worker: number, store: SessionStore, history: HistoryFile) {
    this.#worker = worker
    this.#history = history
    this.sessions = createSessions<Data>({
      store,
      keys: KEYS,
      renewalTimeout: 2000,
      sweepInterval: 1000,
      clock: () => Date.now() + this.offset,
    })
    this.#open = fetchSessions<Data>(this.sessions)
  }

  /** Runs an operation and notes when it began, when it ended and how. Never rejects. */
  async run(about: About, work: () => Promise<Seen>): Promise<Operation> {
    const base = { worker: this.#worker, ...about, start: now() }
    const begun = READS.has(about.name) ? 0 : this.#history.begin(base)
    const seen = await work().catch(failure)
    const operation = { ...base, outcome: 'ok' as const, ...seen, end: now() }
    this.#history.end(begun, operation)
    return operation
  }

  /** Answers a request that presents `token`: `work`, then the response. Gives the new token where there is one. */
  async request(
    token: string | null,
    work: (session: Session<Data>) => Promise<Seen | void>,
  ): Promise<{ readonly seen: Seen; readonly token: string | null; readonly id: string | null }> {
    const headers = token === null ? {} : { cookie: `${DEFAULT_AUDIENCE}=${token}` }
    const { session, commit } = await this.#open(new Request(URL, { headers }))
    const found = token === null ? { opened: now() } : standing(session)
    const more =
      token !== null && session.id === null ? { outcome: 'no' as const } : await work(session)
    const { id } = session
    const response = await commit(new Response(null))
    const cookie = response.headers.get('set-cookie')
    const value = cookie === null ? '' : cookie.slice(cookie.indexOf('=') + 1, cookie.indexOf(';'))
    const cleared = cookie !== null && value === ''
    return {
      seen: { ...found, ...more, ...(cleared ? { cleared } : {}) },
      token: value === '' ? null : value,
      id,
    }
  }

  /** What a token stands for, without a request. */
  async resolve(
    token: string,
  ): Promise<{ readonly seen: Seen; readonly session: Session<Data> | null }> {
    const resolution = await this.sessions.resolve(token)
    if (resolution.status === 'active')
      return { seen: standing(resolution.session), session: resolution.session }
    const reason = resolution.status === 'rejected' ? { reason: resolution.reason } : {}
    return { seen: { status: resolution.status, ...reason }, session: null }
  }
}

function standing(session: Session<Data>): Seen {
  if (session.id === null) return { status: 'rejected' }
  return { status: 'active', seenSubject: session.subject, seenSession: session.id }
}

function failure(error: unknown): Seen {
  const code = error instanceof SessionError ? error.code : String(error)
  return { outcome: CERTAIN.has(code) ? 'no' : 'unknown', code }
}
