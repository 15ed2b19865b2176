import { createHash, createHmac, createSecretKey, hash, timingSafeEqual } from 'node:crypto'

/**
 * What the daemon tells an application about the request that it is about to get. A compact JWS (RFC 7515) under HS256 with
 * a key that only the daemon and this application know.
 */
export interface Assertion {
  /** Name of the application that it is for. */
  readonly aud: string
  /** The account. */
  readonly sub: string
  /** Public id of the session. */
  readonly sid: string
  /** Namespace of the application's data. */
  readonly ns: string
  /** When it was made, and when it ends: seconds since 1970. */
  readonly iat: number
  readonly exp: number
  /** When the account last proved itself: seconds since 1970. */
  readonly auth_time: number
  /** How it did. */
  readonly amr: readonly string[]
}

/** A key of one application, as `GET /v1/assertion-keys` gives it: a JWK (RFC 7517). */
export interface AssertionKey {
  readonly kty: 'oct'
  readonly alg: 'HS256'
  readonly kid: string
  /** The secret, base64url. */
  readonly k: string
}

const TYPE = 'session-assertion+jwt'
/** Clocks of one host agree; those of two may differ by a moment. */
const SKEW = 5
const LONGEST = 4_096
/** Bytes that an assertion may take while it is made: 255 characters of subject, 16 methods of 64, each escaped. */
const MOST = 16_384
const TOO_LONG = 'the assertion is longer than any subject and any methods are'
const SHAPE = /^[\w-]+\.[\w-]+\.[\w-]{43}$/

const BLOCK = 64
const DIGEST = 32

/**
 * Signs assertions with one key. One is made with each request of a site, so the key is laid out once as HMAC needs it (RFC 2104 §2),
 * and what is left are two hashes of bytes that are there already: half of what `createHmac` takes.
 */
export class AssertionSigner {
  readonly #inner: Buffer = Buffer.alloc(BLOCK + MOST, 0x36)
  readonly #outer: Buffer = Buffer.alloc(BLOCK + DIGEST, 0x5c)
  readonly #json: Buffer = Buffer.alloc(MOST)
  readonly #head: string

  constructor({ kid, k }: AssertionKey) {
    const given = Buffer.from(k, 'base64url')
    const key = given.length > BLOCK ? createHash('sha256').update(given).digest() : given
    for (const [at, byte] of key.entries()) {
      this.#inner[at] = byte ^ 0x36
      this.#outer[at] = byte ^ 0x5c
    }
    this.#head = `${encode({ alg: 'HS256', typ: TYPE, kid })}.`
  }

  /** Throws `RangeError` for what is longer than any subject and any methods. */
  sign(assertion: Assertion): string {
    const json = JSON.stringify(assertion)
    const bytes = this.#json.write(json)
    // Each character of a text that fits takes three bytes at most.
    if (json.length * 3 > MOST && Buffer.byteLength(json) > bytes) throw new RangeError(TOO_LONG)
    const signed = this.#head + this.#json.toString('base64url', 0, bytes)
    const end = BLOCK + this.#inner.write(signed, BLOCK, 'latin1')
    if (end !== BLOCK + signed.length) throw new RangeError(TOO_LONG)
    this.#outer.write(hash('sha256', this.#inner.subarray(0, end), 'binary'), BLOCK, 'latin1')
    return `${signed}.${hash('sha256', this.#outer, 'base64url')}`
  }
}

/**
 * Makes the check of an application named `app`: a function from the header's value to what it says, or null. Null for everything that
 * is not exactly one assertion of the daemon's for this application, made now; it never throws. Several values, joined or not, are
 * none.
 */
export function createAssertionCheck(
  app: string,
  keys: readonly AssertionKey[],
  now: () => number = Date.now,
): (header: string | readonly string[] | undefined) => Assertion | null {
  const known = new Map(keys.map(({ kid, k }) => [kid, createSecretKey(k, 'base64url')]))
  return (header) => {
    if (typeof header !== 'string' || header.length > LONGEST || !SHAPE.test(header)) return null
    const end = header.lastIndexOf('.')
    const signed = header.slice(0, end)
    const [head = '', body = ''] = signed.split('.')
    const { alg, typ, kid } = decode(head)
    const key = typeof kid === 'string' ? known.get(kid) : undefined
    if (alg !== 'HS256' || typ !== TYPE || key === undefined) return null
    // As text: the last character has bits to spare, and four spellings decode to the same.
    const wanted = Buffer.from(createHmac('sha256', key).update(signed).digest('base64url'))
    if (!timingSafeEqual(Buffer.from(header.slice(end + 1)), wanted)) return null
    const claims = decode(body)
    return isFor(claims, app, now() / 1000) ? claims : null
  }
}

function isFor(
  claims: Readonly<Record<string, unknown>>,
  app: string,
  now: number,
): claims is Assertion & Record<string, unknown> {
  const { aud, sub, sid, iat, exp } = claims
  if (aud !== app || typeof sub !== 'string' || typeof sid !== 'string') return false
  return typeof iat === 'number' && typeof exp === 'number' && iat - SKEW <= now && now < exp
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** An object from base64url of JSON; empty for everything else. */
function decode(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
  } catch {
    return {}
  }
}
