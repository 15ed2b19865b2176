/** What is known of the device that holds a session. Which parts are kept is the `client` option's to say. */
export interface ClientDescription {
  /** A name for people, such as "Firefox on Linux"; null if none was given. */
  readonly label: string | null
  /** IP address, whole or its network prefix; null if not kept. */
  readonly address: string | null
  /** User agent, at most 256 characters; null if not kept. */
  readonly userAgent: string | null
}

/** The verifier before the present one. */
export interface PreviousVerifier {
  readonly verifierHash: string
  /** The present verifier, sealed under the previous one (see `seal.ts`); null where the previous one died at once. */
  readonly sealed: string | null
  /** When the present verifier was first presented, which starts the grace; null while it has not been. */
  readonly supersededAt: number | null
}

/**
 * A session as a store keeps it. Instants are epoch milliseconds; hashes are SHA-256 as base64url.
 *
 * Nothing in it can be replayed: it holds no verifier and no token (promise P1).
 */
export interface SessionRecord {
  /** Public, loggable key; grants nothing. 22 base62 characters. */
  readonly id: string
  /** SHA-256 of the secret part of the present token. */
  readonly verifierHash: string
  /** When the present verifier was made. */
  readonly rotatedAt: number
  readonly previous: PreviousVerifier | null
  /** Grows by one with each change. */
  readonly version: number
  /** Grows by one with each sign-in, so that requests that began before it cannot write after it. */
  readonly generation: number
  /** The store's revocation counter when the request that created the session began. */
  readonly epoch: number
  /** Stable id of the account; null while anonymous. */
  readonly subject: string | null
  readonly createdAt: number
  readonly authenticatedAt: number | null
  /** How the subject was authenticated, as RFC 8176 `amr` values or the application's own. */
  readonly methods: readonly string[]
  readonly lastSeenAt: number
  readonly idleDeadline: number
  readonly absoluteDeadline: number
  /** Whether the cookie outlives the browser ("remember me"). */
  readonly persistent: boolean
  readonly client: ClientDescription | null
  /** Hash of what the session is bound to (`bind` option); null if to nothing. */
  readonly binding: string | null
  /** JSON text per `namespace:key`. Stores merge it by key and never look inside. */
  readonly data: ReadonlyMap<string, string>
  /** When the session was ended by decision; null while it was not. */
  readonly revokedAt: number | null
  readonly reason: string | null
}

/** When the clock ends the session: the earlier of its two deadlines. */
export function expiresAt(record: SessionRecord): number {
  return Math.min(record.idleDeadline, record.absoluteDeadline)
}

/** When the record may be deleted: an ended one is kept until its absolute deadline, as a tombstone. */
export function purgeAt(record: SessionRecord): number {
  return record.revokedAt === null ? expiresAt(record) : record.absoluteDeadline
}

/** Whether the session is neither ended nor expired. */
export function isLive(record: SessionRecord, now: number): boolean {
  return record.revokedAt === null && now < expiresAt(record)
}

/**
 * What a reserved namespace begins with, such as `~grant`: values that packages of this project keep in a session's record.
 * An application's namespace has no such character, so it neither reads nor writes them.
 */
const RESERVED = '~'

/** Bytes of {@link dataBytes} that are not the application's: they do not count for `maxDataBytes`. */
export function reservedBytes(data: ReadonlyMap<string, string>): number {
  let bytes = 0
  for (const [key, text] of data) {
    if (key.startsWith(RESERVED)) bytes += Buffer.byteLength(key) + Buffer.byteLength(text)
  }
  return bytes
}

/** Bytes that the data takes: UTF-8 of keys and JSON text. */
export function dataBytes(data: ReadonlyMap<string, string>): number {
  let bytes = 0
  for (const [key, text] of data) bytes += Buffer.byteLength(key) + Buffer.byteLength(text)
  return bytes
}
