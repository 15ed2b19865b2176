import type { Engine } from '@holdfast/core/engine'
import type { HeaderValue } from '@holdfast/http'
import { createNonces, type Nonces } from '../dpop/nonces.js'
import { type Proof, verifyProof } from '../dpop/proof.js'
import { invalidProof } from '../errors.js'
import { consume } from '../once/consume-once.js'
import type { TokenClient } from './clients.js'

/** A DPoP proof and the request that brought it (RFC 9449). */
export interface PresentedProof {
  /** The request's `DPoP` header, as it came. */
  readonly header: HeaderValue
  readonly method: string
  /** Where the request went, as the client saw it: scheme and host included. */
  readonly url: string
}

/** What else a proof must say. */
export interface Demands {
  readonly accessToken?: string
  readonly jkt?: string
  /** Ask for a nonce of ours. */
  readonly nonce: boolean
}

/** Which key a client has proved to hold, for tokens that are to be bound to it; null for none. Touches no store. */
export function proveKey(
  proofs: ProofGate,
  { requiresDpop }: TokenClient,
  presented: PresentedProof | null,
): Proof | null {
  if (presented !== null) return proofs.check(presented, { nonce: proofs.asksForNonce })
  if (requiresDpop) throw invalidProof('proof_missing')
  return null
}

/** Checks DPoP proofs, each of which is good once, in whichever process. */
export class ProofGate {
  readonly nonces: Nonces
  /** Whether the token endpoints ask for a nonce. */
  readonly asksForNonce: boolean
  readonly #engine: Engine

  constructor(engine: Engine, asksForNonce: boolean) {
    this.#engine = engine
    this.asksForNonce = asksForNonce
    const secrets = (): readonly Uint8Array[] =>
      engine.keys.secrets('dpop-nonce').map(({ secret }) => secret)
    this.nonces = createNonces({ secrets, now: engine.now })
  }

  /** Throws `ERR_TOKEN_DPOP_INVALID` or `ERR_TOKEN_DPOP_NONCE`. Touches no store. */
  check({ header, method, url }: PresentedProof, { nonce, ...bound }: Demands): Proof {
    const accepts = (text: string | undefined): boolean => this.nonces.accepts(text)
    const asked = nonce ? { nonce: accepts } : {}
    return verifyProof(header, { method, url, ...bound, ...asked, now: this.#engine.now() })
  }

  /** Throws `ERR_TOKEN_DPOP_INVALID` for a proof that came before. One durable insert. */
  async spend({ jkt, jti, until }: Proof): Promise<void> {
    if (!(await consume(this.#engine, ['dpop', jkt, jti], until)))
      throw invalidProof('proof_replayed')
  }
}
