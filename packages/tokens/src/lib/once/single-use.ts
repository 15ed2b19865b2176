import { type JsonValue, SessionError, type Sessions } from '@holdfast/core'
import {
  constantTimeEqual,
  type Engine,
  engineOf,
  fromJson,
  ID_LENGTH,
  judgeLife,
  toJson,
  type TokenKeys,
  VERIFIER_LENGTH,
  verifierHash,
} from '@holdfast/core/engine'
import type { SessionRecord } from '@holdfast/core/store'
import type { TokenReason } from '../errors.js'
import { checkOptions, textOption, wholeOption } from '../options.js'
import { insertMark } from './mark.js'

/** Options of {@link singleUseTokens}. */
export interface SingleUseOptions {
  /** What the tokens are for, such as `email-confirmation`: those of one purpose are good for no other. */
  readonly purpose: string
  /** Milliseconds for which a token is good. */
  readonly lifetime: number
}

/** What a single-use token stands for. */
export interface SingleUse {
  /** The account that it is about; null if none was named. */
  readonly subject: string | null
  /** What the application put into it; null if nothing. */
  readonly data: JsonValue
}

/** A single-use token as it was made. */
export interface IssuedSingleUse {
  /** The secret: for the link, and for nothing else. */
  readonly token: string
  /** Public id, with which `sessions.revoke(id)` takes it back. */
  readonly id: string
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

/** Tokens for links in emails and the like, each good once. */
export interface SingleUseTokens {
  /** Makes a token. Durable when this returns, where the store is. */
  issue(what?: Partial<SingleUse>): Promise<IssuedSingleUse>
  /**
   * What the token stands for, to exactly one of all who present it, in every process; null to the others, and for what is
   * forged, over or taken back. Spent for good when this returns, so do what it is for before you answer, or issue another.
   */
  redeem(token: string): Promise<SingleUse | null>
}

const SUBJECT = '~once:subject'
const DATA = '~once:data'
const MOST_BYTES = 16_384
const LONGEST_LIFE = 400 * 86_400_000

/**
 * Makes tokens of one purpose on the sessions' store.
 *
 * They are no sessions: they are not listed, not counted and not ended by `revokeAll`; `revokeEveryone` ends them. Errors:
 * `TypeError` and `ERR_SESSION_CONFIG` for wrong options, store errors.
 */
export function singleUseTokens(
  sessions: Pick<Sessions, 'close'>,
  options: SingleUseOptions,
): SingleUseTokens {
  checkOptions(options, ['purpose', 'lifetime'])
  const purpose = textOption(options.purpose, 'purpose')
  if (purpose.length > 64) throw new TypeError('purpose must have at most 64 characters')
  const lifetime = wholeOption(options.lifetime, 'lifetime', 1000, LONGEST_LIFE)
  return new OncePerToken(engineOf(sessions), purpose, lifetime)
}

class OncePerToken implements SingleUseTokens {
  readonly #engine: Engine
  readonly #keys: TokenKeys
  readonly #lifetime: number

  constructor(engine: Engine, purpose: string, lifetime: number) {
    this.#engine = engine
    this.#keys = engine.keys.tokenKeys('once', purpose)
    this.#lifetime = lifetime
  }

  async issue({ subject = null, data = null }: Partial<SingleUse> = {}): Promise<IssuedSingleUse> {
    const { random, now } = this.#engine
    const texts = new Map([
      [SUBJECT, toJson(subject, 'subject')],
      [DATA, toJson(data, 'data')],
    ])
    const bytes = [...texts.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0)
    if (bytes > MOST_BYTES) throw tooLarge(bytes)
    const id = random.base62(ID_LENGTH)
    const verifier = random.base62(VERIFIER_LENGTH)
    const until = now() + this.#lifetime
    const mark = { id, verifierHash: verifierHash(verifier), until, data: texts }
    if (!(await insertMark(this.#engine, mark))) throw repeated()
    return { token: this.#keys.issue(id, verifier), id, expiresAt: until }
  }

  async redeem(token: string): Promise<SingleUse | null> {
    const read = typeof token === 'string' ? this.#keys.read(token) : null
    if (read === null) return this.#reject('malformed', null)
    const { store, now } = this.#engine
    const patience = store.patience()
    const record = await store.find(read.id, patience)
    const reason = judge(record, read.verifier, now())
    if (record === null || reason !== null) return this.#reject(reason ?? 'unknown', read.id)
    const ending = { at: now(), reason: 'redeemed' }
    // Of any number of presenters the store counts one.
    const count = await store.revoke({ kind: 'session', id: read.id }, ending, patience)
    return count === 1 ? readUse(record) : this.#reject('spent', read.id)
  }

  #reject(reason: TokenReason, sessionId: string | null): null {
    const about = { sessionId, subject: null, clientId: null, reason }
    this.#engine.events.emit('token_rejected', about)
    return null
  }
}

function judge(record: SessionRecord | null, verifier: string, now: number): TokenReason | null {
  if (record === null) return 'unknown'
  if (!constantTimeEqual(verifierHash(verifier), record.verifierHash)) return 'wrong_verifier'
  const life = judgeLife(record, now)
  if (life === 'revoked') return record.reason === 'redeemed' ? 'spent' : life
  return life === 'current' ? null : life
}

function readUse({ data }: SessionRecord): SingleUse {
  const subject = fromJson(data.get(SUBJECT) ?? 'null', 'subject')
  return {
    subject: typeof subject === 'string' ? subject : null,
    data: fromJson(data.get(DATA) ?? 'null', 'data'),
  }
}

function tooLarge(bytes: number): SessionError {
  const message = `a single-use token's subject and data would take ${bytes} bytes; at most ${MOST_BYTES} are kept`
  return new SessionError('ERR_SESSION_DATA_TOO_LARGE', message)
}

function repeated(): SessionError {
  const message = 'a new id was taken already, which a working random generator does not do'
  return new SessionError('ERR_SESSION_RANDOM_FAILED', message)
}
