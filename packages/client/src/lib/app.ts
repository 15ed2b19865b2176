import { toJson } from '@holdfast/core/engine'
import { APP_ROUTES as routes } from '@holdfast/protocol'
import type { DaemonAddress } from './address.js'
import {
  type Answer,
  type AnyRoute,
  type Ask,
  Connection,
  type ConnectOptions,
} from './connection.js'
import { listSessions, type SessionInfo } from './sessions.js'

/** A session and its values, as the application may see them. */
export type LoadedSession = Answer<typeof routes.load>
export type SessionPatch = NonNullable<Ask<typeof routes.patch>['body']>
export type SessionCreation = NonNullable<Ask<typeof routes.create>['body']>
export type Authentication = NonNullable<Ask<typeof routes.authenticate>['body']>
export type Reauthentication = NonNullable<Ask<typeof routes.reauthenticate>['body']>
export type AssertionKeys = Answer<typeof routes.assertionKeys>['keys']
export type PublicKeys = Answer<typeof routes.jwks>

/** Of a request that is none of the visitor's own doing, such as polling in the background: it must not keep the session alive. */
export interface Activity {
  /** Whether the request moves the idle deadline. Default true. */
  readonly activity?: boolean
}

/** What of a visitor's request the daemon is told: the lines as they came. */
export interface VisitorHeaders {
  readonly cookie?: string | undefined
  readonly userAgent?: string | undefined
  /** Whether the visitor's own connection is HTTPS: without it no cookie is given. */
  readonly scheme: 'http' | 'https'
  readonly host?: string | undefined
  readonly address?: string | undefined
  /**
   * Whether a web server has had this very request checked: a token that was renewed in passing then leaves with its answer, and
   * not twice. Default false.
   */
  readonly checked?: boolean
}

/** The session of one request of a visitor. Each call is one request to the daemon. */
export interface VisitorSession {
  /**
   * The `Set-Cookie` that the answer to the visitor has to carry, as it is; null for none. The last one counts: ask for it when the
   * answer begins.
   */
  readonly setCookie: string | null
  load(of?: Activity): Promise<LoadedSession>
  /** Begins a session. `ERR_DAEMON_EXISTS` if there is one. */
  create(creation?: SessionCreation): Promise<LoadedSession>
  /** Changes values. `ERR_SESSION_ENDED` if there is no session any more, `ERR_SESSION_CONFLICT` if `ifVersion` is not its version. */
  patch(patch: SessionPatch, of?: Activity): Promise<LoadedSession>
  touch(): Promise<LoadedSession>
  authenticate(authentication: Authentication): Promise<LoadedSession>
  reauthenticate(reauthentication?: Reauthentication): Promise<LoadedSession>
  rotate(): Promise<LoadedSession>
  revoke(reason?: string): Promise<void>
  /** Ends the account's other sessions and gives how many. */
  revokeOthers(reason?: string): Promise<number>
  csrfToken(): Promise<string>
  verifyCsrfToken(token: string): Promise<boolean>
}

/** The daemon, for one application. */
export interface AppClient {
  /** The session of one request. */
  visitor(headers: VisitorHeaders): VisitorSession
  /** The keys of this application's assertions. */
  assertionKeys(): Promise<AssertionKeys>
  /** An account's sessions; with `ended` also those whose tombstones are kept. Needs the right `list`. */
  list(subject: string, options?: { readonly ended?: boolean }): AsyncGenerator<SessionInfo>
  /** Ends an account's sessions, but the one excepted, and gives how many were live. Needs the right `revoke`. */
  revokeAll(
    subject: string,
    options?: { readonly except?: string; readonly reason?: string },
  ): Promise<number>
  /** The public keys of access tokens. `ERR_DAEMON_NOT_FOUND` where the daemon has none. */
  publicKeys(): Promise<PublicKeys>
  close(): Promise<void>
}

/** Connects at the first request. */
export function connectApp(address: DaemonAddress, options?: ConnectOptions): AppClient {
  const connection = new Connection(address, options)
  return {
    visitor: (headers) => new Visitor(connection, headers),
    assertionKeys: async () => (await connection.ask(routes.assertionKeys)).answer.keys,
    list: (subject, which) => listSessions(connection, routes.list, subject, which),
    revokeAll: async (subject, more = {}) =>
      (await connection.ask(routes.revokeAll, { body: { subject, ...more } })).answer.count ?? 0,
    publicKeys: async () => (await connection.ask(routes.jwks)).answer,
    close: () => connection.close(),
  }
}

class Visitor implements VisitorSession {
  readonly #connection: Connection
  readonly #headers: VisitorHeaders
  #setCookie: string | null = null

  constructor(connection: Connection, headers: VisitorHeaders) {
    this.#connection = connection
    this.#headers = headers
  }

  get setCookie(): string | null {
    return this.#setCookie
  }

  load(of?: Activity): Promise<LoadedSession> {
    return this.#ask(routes.load, queryOf(of))
  }

  async create(body: SessionCreation = {}): Promise<LoadedSession> {
    return this.#issue(routes.create, { body: checked(body) })
  }

  async patch(body: SessionPatch, of?: Activity): Promise<LoadedSession> {
    return this.#ask(routes.patch, { body: checked(body), ...queryOf(of) })
  }

  touch(): Promise<LoadedSession> {
    return this.#ask(routes.touch)
  }

  authenticate(body: Authentication): Promise<LoadedSession> {
    return this.#issue(routes.authenticate, { body })
  }

  reauthenticate(body: Reauthentication = {}): Promise<LoadedSession> {
    return this.#issue(routes.reauthenticate, { body })
  }

  rotate(): Promise<LoadedSession> {
    return this.#issue(routes.rotate)
  }

  async revoke(reason?: string): Promise<void> {
    await this.#issue(routes.revoke, { body: reason === undefined ? {} : { reason } })
  }

  async revokeOthers(reason?: string): Promise<number> {
    const body = reason === undefined ? {} : { reason }
    return (await this.#ask(routes.revokeOthers, { body })).count ?? 0
  }

  async csrfToken(): Promise<string> {
    return (await this.#issue(routes.issueCsrfToken)).token
  }

  async verifyCsrfToken(token: string): Promise<boolean> {
    return (await this.#ask(routes.verifyCsrfToken, { body: { token } })).valid
  }

  /** What may give the visitor another token, or take it away. */
  #issue<Asked extends AnyRoute>(route: Asked, asked: Ask<Asked> = {}): Promise<Answer<Asked>> {
    return this.#ask(route, asked, true)
  }

  async #ask<Asked extends AnyRoute>(
    route: Asked,
    asked: Ask<Asked> = {},
    issues = this.#headers.checked !== true,
  ): Promise<Answer<Asked>> {
    const { answer, setCookie } = await this.#connection.ask(route, {
      ...asked,
      headers: forwarded(this.#headers, this.#setCookie),
    })
    if (setCookie !== null && issues) this.#setCookie = setCookie
    return answer
  }
}

function queryOf({ activity = true }: Activity = {}): { readonly query?: { activity: string } } {
  return activity ? {} : { query: { activity: 'false' } }
}

/** Throws `ERR_SESSION_DATA_INVALID` for values that JSON would change on the way without a word. */
function checked<Body extends SessionCreation | SessionPatch>(body: Body): Body {
  if (body.set !== undefined) toJson(body.set, 'set')
  if (body.shared?.set !== undefined) toJson(body.shared.set, 'shared.set')
  return body
}

/** The visitor's own lines; after a new token within this request, the new cookie in place of what was sent. */
function forwarded(
  { cookie, userAgent, scheme, host, address }: VisitorHeaders,
  setCookie: string | null,
): Record<string, string> {
  const held = setCookie === null ? cookie : setCookie.slice(0, Math.max(setCookie.indexOf(';'), 0))
  const lines = {
    cookie: held,
    'user-agent': userAgent,
    'x-forwarded-proto': scheme,
    'x-forwarded-host': host,
    'x-forwarded-for': address,
  }
  const present: Record<string, string> = {}
  for (const [name, value] of Object.entries(lines)) if (value !== undefined) present[name] = value
  return present
}
