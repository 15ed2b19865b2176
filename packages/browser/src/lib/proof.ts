import type { Database } from './database.js'
import { recordOf } from './grant.js'
import { randomId } from './random-id.js'

/** An answer's date is in whole seconds and some time old: smaller differences are none. */
const SLACK = 5_000
const EC = { name: 'ECDSA', namedCurve: 'P-256' }

interface Pair {
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
}

/** Makes DPoP proofs (RFC 9449) with a key pair that stays in this browser: its private half cannot be exported. */
export class Prover {
  readonly #database: Database
  readonly #nonces = new Map<string, string>()
  /** What the server's clock is ahead of ours. */
  #ahead = 0

  constructor(database: Database) {
    this.#database = database
  }

  async prove({ method, url }: Request, token?: string): Promise<string> {
    const { privateKey, publicKey } = await this.#pair()
    const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey)
    const { origin, pathname } = new URL(url)
    const claims = {
      jti: randomId(),
      htm: method,
      htu: origin + pathname,
      iat: Math.floor((Date.now() + this.#ahead) / 1000),
      nonce: this.#nonces.get(origin),
      ath: token === undefined ? undefined : await hashOf(token),
    }
    const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } }
    const signed = `${encode(JSON.stringify(header))}.${encode(JSON.stringify(claims))}`
    const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
    const signature = await crypto.subtle.sign(algorithm, privateKey, utf8(signed))
    return `${signed}.${toBase64Url(new Uint8Array(signature))}`
  }

  /** Takes over the nonce of an answer; and of one that refuses the proof, the time. Whether it is worth another try. */
  learn(url: string, { headers }: Response, refused: boolean): boolean {
    const { origin } = new URL(url)
    const old = this.#nonces.get(origin)
    const nonce = headers.get('DPoP-Nonce') ?? old
    if (nonce !== undefined) this.#nonces.set(origin, nonce)
    // An answer that is no refusal may come from a cache, with the time at which it was made.
    if (!refused) return false
    const ahead = (Date.parse(headers.get('Date') ?? '') || Date.now()) - Date.now()
    const late = Math.abs(ahead - this.#ahead) > SLACK
    if (late) this.#ahead = ahead
    return late || nonce !== old
  }

  async #pair(): Promise<Pair> {
    const stored = await this.#database.get('proof key')
    if (isPair(stored)) return stored
    const fresh = await crypto.subtle.generateKey(EC, false, ['sign'])
    // Of two tabs that make a key at once, one is kept.
    const kept = await this.#database.update('proof key', (old) => (isPair(old) ? old : fresh))
    return isPair(kept) ? kept : fresh
  }
}

/** How often a request is sent: its proof may lack the right time first, and a nonce then. */
const ATTEMPTS = 3

/** Sends a request with a proof, if there is a prover; again where the server wants another nonce or time in it. */
export async function sendProved(
  prover: Prover | null,
  request: Request,
  token?: string,
): Promise<Response> {
  if (prover === null) return fetch(request)
  for (let left = ATTEMPTS; ; left--) {
    const spare = request.clone()
    spare.headers.set('DPoP', await prover.prove(request, token))
    const response = await fetch(spare)
    const refused = isRefused(response, token)
    if (!prover.learn(request.url, response, refused) || left === 1) return response
    await response.body?.cancel()
  }
}

/** Whether it may be the proof that is refused: an endpoint says 400 and why in the body, an API in its challenge. */
function isRefused({ status, headers }: Response, token: string | undefined): boolean {
  if (token === undefined) return status === 400
  return status === 401 && /_dpop_/.test(headers.get('WWW-Authenticate') ?? '')
}

function isPair(value: unknown): value is Pair {
  const { privateKey, publicKey } = recordOf(value)
  return privateKey instanceof CryptoKey && publicKey instanceof CryptoKey
}

async function hashOf(text: string): Promise<string> {
  return toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(text))))
}

function encode(text: string): string {
  return toBase64Url(utf8(text))
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}

function toBase64Url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes))
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
