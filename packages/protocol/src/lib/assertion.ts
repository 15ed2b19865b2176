import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'

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
const SHAPE = /^[\w-]+\.[\w-]+\.[\w-]{43}$/

/** Signs assertions with one key. */
export class AssertionSigner {
  readonly #key: KeyObject
  readonly #head: string

  constructor({ kid, k }: AssertionKey) {
    this.#key = createSecretKey(k, 'base64url')
    this.#head = `${encode({ alg: 'HS256', typ: TYPE, kid })}.`
  }

  sign(assertion: Assertion): string {
    const signed = this.#head + encode(assertion)
    return `${signed}.${createHmac('sha256', this.#key).update(signed).digest('base64url')}`
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
