import { hash } from 'node:crypto'
import type { HeaderValue } from '@holdfast/http'
import { invalidProof, TokenError } from '../errors.js'
import { type Compact, readCompact } from '../jose/compact.js'
import { verifyText } from '../jose/signature.js'
import { readPublicKey } from '../keys/public-key.js'
import type { VerificationKey } from '../keys/signing-key.js'
import { sameTarget } from './target.js'

/** How old a proof may be, and how far ahead the client's clock, in milliseconds (RFC 9449 §11.1). */
const OLDEST = 60_000
const AHEAD = 30_000

/** Characters of a `jti`: 96 bits in base64url at least (RFC 9449 §4.2). */
const ID = { least: 16, most: 128 }

/** What a header may say: all that RFC 9449 §4.2 asks for and nothing more. */
const HEADER: ReadonlySet<string> = new Set(['alg', 'jwk', 'typ'])

/** The request that a proof must have been made for. */
export interface ProofExpectation {
  readonly method: string
  /** Where the request went, as the client saw it: scheme and host included. A query does not matter. */
  readonly url: string
  /** The access token that came with the proof: its hash must be in it. */
  readonly accessToken?: string
  /** Thumbprint of the key that the proof must be by. */
  readonly jkt?: string
  /** Whether a nonce (undefined: none) is one that was given out lately. Left out: none is asked for. */
  readonly nonce?: (nonce: string | undefined) => boolean
  /** Epoch milliseconds. */
  readonly now: number
}

/** A proof that was honoured. It is good once: remember (`jkt`, `jti`) until `until`, and refuse it if it is known. */
export interface Proof {
  /** RFC 7638 thumbprint of the client's key. */
  readonly jkt: string
  readonly jti: string
  /** When it was made, in epoch seconds. */
  readonly iat: number
  /** Epoch milliseconds from which on the proof is too old anyway. */
  readonly until: number
}

/**
 * Checks a DPoP proof against the request that brought it (RFC 9449 §4.3), `header` being the request's `DPoP` header.
 *
 * Throws `ERR_TOKEN_DPOP_INVALID`, with one message for every fault, and `ERR_TOKEN_DPOP_NONCE` for a proof that is right
 * but for its nonce. Keeps nothing: that a proof is used once is the caller's to see to.
 */
export function verifyProof(header: HeaderValue, expected: ProofExpectation): Proof {
  const compact = readCompact(singleProof(header))
  if (compact === null) throw invalidProof('proof_malformed')
  const key = proofKey(compact)
  if (!verifyText(key.alg, key.publicKey, compact.input, compact.signature)) {
    throw invalidProof('proof_signature')
  }
  return checkClaims(compact, key.kid, expected)
}

function singleProof(header: HeaderValue): string {
  const lines = typeof header === 'string' ? [header] : (header ?? [])
  const [proof] = lines
  if (proof === undefined) throw invalidProof('proof_missing')
  if (lines.length > 1) throw invalidProof('proof_repeated')
  return proof
}

/** The key that the proof brings along: here that is the point, and it must be nothing but a public key. */
function proofKey({ header }: Compact): VerificationKey {
  const { typ, alg, jwk } = header
  if (!Object.keys(header).every((name) => HEADER.has(name))) throw invalidProof('proof_header')
  if (typ !== 'dpop+jwt') throw invalidProof('proof_type')
  const key = readPublicKey(jwk)
  if (key === null) throw invalidProof('proof_key')
  if (alg !== key.alg) throw invalidProof('proof_algorithm')
  return key
}

function checkClaims({ payload }: Compact, jkt: string, expected: ProofExpectation): Proof {
  const { htm, htu, iat, jti, nonce, ath } = payload
  if (htm !== expected.method) throw invalidProof('proof_method')
  if (!sameTarget(htu, expected.url)) throw invalidProof('proof_url')
  if (!isWhole(iat) || !isRecent(iat * 1000, expected.now)) throw invalidProof('proof_time')
  if (!isId(jti)) throw invalidProof('proof_id')
  if (expected.accessToken !== undefined && ath !== tokenHash(expected.accessToken)) {
    throw invalidProof('proof_token')
  }
  if (expected.jkt !== undefined && jkt !== expected.jkt) throw invalidProof('proof_binding')
  if (expected.nonce !== undefined) checkNonce(nonce, expected.nonce)
  return { jkt, jti, iat, until: iat * 1000 + OLDEST }
}

function checkNonce(nonce: unknown, isKnown: (nonce: string | undefined) => boolean): void {
  if (nonce !== undefined && typeof nonce !== 'string') throw invalidProof('proof_nonce')
  if (isKnown(nonce)) return
  const message = 'the DPoP proof needs a nonce of this server'
  throw new TokenError('ERR_TOKEN_DPOP_NONCE', message, { reason: 'proof_nonce' })
}

/** Written so that an instant that is no number is not recent. */
function isRecent(instant: number, now: number): boolean {
  return instant > now - OLDEST && instant <= now + AHEAD
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length >= ID.least && value.length <= ID.most
}

/** RFC 9449 §4.2 `ath`. */
function tokenHash(token: string): string {
  return hash('sha256', token, 'base64url')
}
