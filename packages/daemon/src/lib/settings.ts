import type { KeyInput, PolicyOptions } from '@holdfast/core'
import type { CookieOptions } from '@holdfast/http'
import type { Right } from '@holdfast/protocol'

/** Everything that the configuration says, with defaults filled in. Durations are milliseconds, sizes bytes. */
export interface Settings {
  /** Folder of what must survive a restart: the embedded store, and keys that the daemon makes itself. */
  readonly state: string
  /** Folder of the sockets. */
  readonly run: string
  /** Processes that answer checks and applications. */
  readonly workers: number
  readonly store: StoreSettings
  readonly session: PolicyOptions & { readonly tenant?: string; readonly maxDataBytes?: number }
  readonly cookie: CookieOptions
  /** Keys of the operator's own, newest first; null where the daemon keeps them in `state`. */
  readonly keys: readonly KeyInput[] | null
  readonly check: CheckSettings
  readonly apps: readonly AppSettings[]
  readonly admin: SocketSettings
  /** Where health and metrics are answered over TCP; null for nowhere but the administrators' socket. */
  readonly monitor: TcpSettings | null
  /** File of the audit log; null for none. */
  readonly audit: string | null
  readonly limits: LimitSettings
  /** Folder of the signing keys of access tokens, whose public half is served; null for none. */
  readonly signingKeys: string | null
}

/** `embedded`, or the address of a Redis or PostgreSQL of the operator's own. */
export type StoreSettings =
  | { readonly kind: 'embedded' }
  | { readonly kind: 'redis' | 'postgres'; readonly url: string }

export interface TcpSettings {
  /** A loopback address. */
  readonly host: string
  readonly port: number
}

/** A unix socket: whoever may open it is who it is for. */
export interface SocketSettings {
  readonly path: string
  readonly mode: number
  /** Group id of the socket; null leaves the daemon's own. */
  readonly gid: number | null
}

export interface CheckSettings {
  readonly socket: SocketSettings
  /** Where web servers that cannot reach a unix socket ask; null for nowhere. */
  readonly tcp: TcpSettings | null
  /** How long a web server may keep a positive answer: the most that a revocation may lag. 0 for not at all. */
  readonly cache: number
  /** How long an assertion is good. */
  readonly assertionLifetime: number
  /** Where visitors sign in: a path of the site, for the redirecting form of the check. */
  readonly login: string
  readonly trustedOrigins: readonly string[]
}

export interface AppSettings {
  readonly name: string
  /** Of its data. */
  readonly namespace: string
  readonly rights: ReadonlySet<Right>
  readonly socket: SocketSettings
  /** TCP has no permissions: who asks there proves itself with `token`. Null for the socket alone. */
  readonly tcp: (TcpSettings & { readonly token: string }) | null
}

export interface LimitSettings {
  /** Longest body of a request. */
  readonly body: number
  /** Longest head of a request. */
  readonly headers: number
  /** How long a head may take to arrive. */
  readonly headTimeout: number
  /** How long a request may take in all. */
  readonly requestTimeout: number
  /** How long a request waits for the store before it is refused; null for the store's own. */
  readonly storeTimeout: number | null
  /** Most connections to one socket. */
  readonly connections: number
  /** How long what is under way may take when the daemon stops. */
  readonly stopTimeout: number
}
