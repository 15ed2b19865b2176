import { bindingOf, describeClient } from './client.js'
import type { Engine, RequestFacts } from './engine.js'
import { tooLargeError } from './failures.js'
import type { Policy } from './policy.js'
import { dataBytes, reservedBytes, type SessionRecord } from './record.js'
import type { AuthenticateChange, RecordChange } from './store.js'
import { verifierHash } from './token.js'

/** Options of a sign-in. */
export interface AuthenticateOptions {
  /** How the subject proved itself: RFC 8176 `amr` values (`pwd`, `otp`, `hwk`) or the application's own. */
  readonly methods?: readonly string[]
  /** Keep the cookie when the browser closes, until the absolute deadline. Default `false`. */
  readonly remember?: boolean
  /** Keep the data of the anonymous session. Default `true`. */
  readonly keepData?: boolean
}

/** A subject that signs in with a new session. */
export interface SignIn {
  readonly subject: string
  readonly options: AuthenticateOptions
}

const MAX_SUBJECT = 255
const MAX_METHODS = 16
const MAX_METHOD_LENGTH = 64

/** What a new session starts from. */
export interface Beginning {
  readonly id: string
  readonly verifier: string
  /** Null for an anonymous session. */
  readonly signIn: SignIn | null
  /** The store's revocation counter when the request began. */
  readonly epoch: number
  readonly data: ReadonlyMap<string, string>
}

/** The first record of a session. Throws `ERR_SESSION_DATA_TOO_LARGE` if its data does not fit. */
export function newRecord(
  engine: Engine,
  facts: RequestFacts,
  beginning: Beginning,
): SessionRecord {
  const { policy, clientRules, dataRules } = engine
  const { signIn, data, epoch } = beginning
  const bytes = dataBytes(data) - reservedBytes(data)
  if (bytes > dataRules.maxDataBytes) throw tooLargeError(bytes, dataRules.maxDataBytes)
  const at = engine.now()
  const absoluteDeadline = at + policy.absoluteTimeout
  return {
    id: beginning.id,
    verifierHash: verifierHash(beginning.verifier),
    rotatedAt: at,
    previous: null,
    version: 1,
    generation: 0,
    epoch,
    subject: signIn?.subject ?? null,
    createdAt: at,
    authenticatedAt: signIn === null ? null : at,
    methods: checkMethods(signIn?.options.methods),
    lastSeenAt: at,
    idleDeadline: Math.min(at + policy.idleTimeout, absoluteDeadline),
    absoluteDeadline,
    persistent: signIn?.options.remember === true,
    client: describeClient(clientRules, facts),
    binding: bindingOf(clientRules, facts),
    data,
    revokedAt: null,
    reason: null,
  }
}

/** What a sign-in changes of a session that exists: the subject, and a new token. */
export function signInChange(
  { policy, now }: Engine,
  signIn: SignIn,
  verifier: string,
  epoch: number,
): Partial<RecordChange> {
  const at = now()
  return {
    ...(signIn.options.keepData === false ? { clear: true } : {}),
    replace: { verifierHash: verifierHash(verifier), at },
    authenticate: authentication(policy, signIn, at, epoch),
  }
}

function authentication(
  policy: Policy,
  { subject, options }: SignIn,
  at: number,
  epoch: number,
): AuthenticateChange {
  const absoluteDeadline = at + policy.absoluteTimeout
  return {
    subject,
    epoch,
    at,
    methods: checkMethods(options.methods),
    absoluteDeadline,
    idleDeadline: Math.min(at + policy.idleTimeout, absoluteDeadline),
    persistent: options.remember === true,
    limit: policy.limit,
  }
}

/** Throws `TypeError` unless `subject` is a well-formed text of 1 to 255 characters. */
export function checkSubject(subject: unknown): asserts subject is string {
  if (typeof subject !== 'string')
    throw new TypeError(`subject must be a string; got ${typeof subject}`)
  const fits = subject !== '' && subject.length <= MAX_SUBJECT && subject.isWellFormed()
  if (!fits || subject.includes('\u0000')) {
    throw new TypeError(
      `subject must have 1 to ${MAX_SUBJECT} characters, no lone surrogates and no U+0000`,
    )
  }
}

/** Throws `TypeError` unless `methods` is a short list of short texts. */
export function checkMethods(methods: readonly string[] = []): readonly string[] {
  const fits = (method: unknown): boolean =>
    typeof method === 'string' && method.length <= MAX_METHOD_LENGTH
  if (!Array.isArray(methods) || methods.length > MAX_METHODS || !methods.every(fits)) {
    throw new TypeError(
      `methods must be an array of at most ${MAX_METHODS} texts of at most ${MAX_METHOD_LENGTH} characters`,
    )
  }
  return [...methods]
}
