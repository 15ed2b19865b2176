import { SessionError, type Clock, type MaybePromise } from '@holdfast/core'
import type { HeaderValue } from '@holdfast/http'
import type { AccessClaims } from '../access/claims.js'
import { AccessTokenVerifier, type VerifierOptions } from '../access/verifier.js'
import type { Nonces } from '../dpop/nonces.js'
import { type Proof, verifyProof } from '../dpop/proof.js'
import { ReplayMemory } from '../dpop/replay-memory.js'
import { invalidProof, invalidToken, TokenError } from '../errors.js'
import { checkOptions, textOption } from '../options.js'
import { type ChallengeContext, withHeaders } from './challenge.js'
import { type PresentedToken, readToken } from './presented.js'
import { type KeySource, remoteKeys } from './remote-keys.js'
import { type AccessRequirements, checkRequirements, requireAll } from './requirements.js'

export interface ResourceServerOptions extends Omit<VerifierOptions, 'keys'> {
  /** Where the issuer's keys are found: a key set, or {@link remoteKeys}. Default: fetched from the issuer. */
  readonly keys?: KeySource
  /**
   * Whether a token's session still lives, where that can be asked; without it a revoked session's tokens are good until
   * they expire. A failure of it refuses the request.
   */
  readonly isLive?: (claims: AccessClaims) => MaybePromise<boolean>
  /** Whether every token must be bound to a key and come with a proof (RFC 9449). Default `false`. */
  readonly proofRequired?: boolean
  /** Gives out nonces that proofs must have. Default: proofs need none. */
  readonly nonces?: Nonces
  /**
   * Whether a proof is used for the first time; to be remembered until `proof.until`. Default: a memory of this process
   * alone, so a proof could be used once in each process.
   */
  readonly firstUse?: (proof: Proof) => MaybePromise<boolean>
  /** Told of every request that is refused, with the reason. */
  readonly onRefused?: (error: TokenError) => void
}

/** The parts of a request that decide. */
export interface AccessRequest {
  readonly method: string
  /** Where the client sent it, scheme and host included: a proof must name it. Null where that is not known. */
  readonly url: string | null
  readonly authorization: HeaderValue
  /** The `DPoP` header. */
  readonly dpop: HeaderValue
}

/** A request that may pass. */
export interface Access {
  readonly claims: AccessClaims
  /** Headers for the answer: a new nonce, where there is one. */
  readonly headers: Readonly<Record<string, string>>
}

/** Checks the access tokens of requests, for an API that need not have the issuer's store. */
export interface ResourceServer {
  /**
   * The claims of a request's access token. Throws `TokenError` otherwise, its `status` and `headers` being those of the
   * answer: 401 without a good token, 403 without the scopes, 503 while the issuer's keys cannot be had.
   */
  verify(request: AccessRequest, requirements?: AccessRequirements): Promise<Access>
}

const OPTIONS = [
  'issuer',
  'audience',
  'keys',
  'isLive',
  'proofRequired',
  'nonces',
  'firstUse',
  'onRefused',
  'clockSkew',
  'cacheSize',
  'now',
]

/** Makes a {@link ResourceServer} for one issuer and one audience. Fetches nothing before the first request. */
export function createResourceServer(options: ResourceServerOptions): ResourceServer {
  return new TokenGate(options)
}

class TokenGate implements ResourceServer {
  readonly #options: ResourceServerOptions
  readonly #keys: KeySource
  readonly #verifier: AccessTokenVerifier
  readonly #firstUse: (proof: Proof) => MaybePromise<boolean>
  readonly #now: Clock

  constructor(options: ResourceServerOptions) {
    checkOptions(options, OPTIONS)
    const { issuer, audience, clockSkew, cacheSize, now = Date.now } = options
    this.#options = options
    this.#now = now
    this.#keys = options.keys ?? remoteKeys({ issuer: textOption(issuer, 'issuer'), now })
    this.#verifier = new AccessTokenVerifier({
      keys: this.#keys,
      issuer,
      audience,
      now,
      ...(clockSkew === undefined ? {} : { clockSkew }),
      ...(cacheSize === undefined ? {} : { cacheSize }),
    })
    const memory = new ReplayMemory()
    this.#firstUse = options.firstUse ?? ((proof) => memory.firstUse(proof, now()))
  }

  async verify(request: AccessRequest, requirements: AccessRequirements = {}): Promise<Access> {
    checkRequirements(requirements)
    let presented: PresentedToken | null = null
    try {
      presented = readToken(request.authorization)
      const claims = await this.#verify(presented.token)
      const proof = this.#checkProof(presented, claims, request)
      requireAll(claims, requirements, this.#now())
      await this.#checkLife(claims)
      // Last: what is remembered for good costs a write, and a token that is over anyway is not to cause any.
      if (proof !== null && !(await this.#firstUse(proof))) throw invalidProof('proof_replayed')
      return { claims, headers: this.#nonceHeader(claims) }
    } catch (error) {
      throw this.#refuse(error, presented, requirements)
    }
  }

  /** A `kid` that is not known may be newer than the keys that we have: then they are fetched, and it is tried once more. */
  async #verify(token: string): Promise<AccessClaims> {
    await this.#keys.ready?.()
    try {
      return this.#verifier.verify(token)
    } catch (error) {
      const unknown = error instanceof TokenError && error.reason === 'unknown_key'
      if (!unknown || (await this.#keys.refresh?.()) !== true) throw error
      return this.#verifier.verify(token)
    }
  }

  /**
   * A bound token needs its proof, and comes by the scheme that says so: never as a bearer token (RFC 9449 §7.1). Null for a
   * token that needs none.
   */
  #checkProof(
    { scheme, token }: PresentedToken,
    { cnf }: AccessClaims,
    { method, url, dpop }: AccessRequest,
  ): Proof | null {
    const { proofRequired = false, nonces } = this.#options
    if ((cnf !== undefined) !== (scheme === 'DPoP')) throw invalidToken('scheme')
    if (cnf === undefined) {
      if (proofRequired) throw invalidToken('scheme')
      return null
    }
    if (url === null) {
      throw new SessionError(
        'ERR_SESSION_CONFIG',
        'tokens are bound to keys: set the option origin',
      )
    }
    const nonce = nonces === undefined ? {} : { nonce: nonces.accepts.bind(nonces) }
    const expected = { method, url, accessToken: token, jkt: cnf.jkt, now: this.#now(), ...nonce }
    return verifyProof(dpop, expected)
  }

  async #checkLife(claims: AccessClaims): Promise<void> {
    const { isLive } = this.#options
    if (isLive !== undefined && !(await isLive(claims))) throw invalidToken('revoked')
  }

  #nonceHeader({ cnf }: AccessClaims): Readonly<Record<string, string>> {
    const { nonces } = this.#options
    return nonces === undefined || cnf === undefined ? {} : { 'DPoP-Nonce': nonces.issue() }
  }

  #refuse(
    error: unknown,
    presented: PresentedToken | null,
    requirements: AccessRequirements,
  ): unknown {
    if (!(error instanceof TokenError)) return error
    const { proofRequired = false, nonces, onRefused } = this.#options
    const scheme = presented?.scheme ?? null
    const wanted = error.code === 'ERR_TOKEN_DPOP_NONCE'
    const context: ChallengeContext = {
      scheme,
      requirements,
      proofRequired,
      nonce: nonces !== undefined && (wanted || scheme === 'DPoP') ? nonces.issue() : null,
    }
    const refusal = withHeaders(error, context)
    try {
      onRefused?.(refusal)
    } catch {
      // A listener that throws affects nothing but itself.
    }
    return refusal
  }
}
