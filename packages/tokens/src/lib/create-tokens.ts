import type { MaybePromise, Session, Sessions } from '@holdfast/core'
import {
  engineOf,
  isPromise,
  type OpenSession,
  openSessionOf,
  type RequestFacts,
  Session as OpenedSession,
} from '@holdfast/core/engine'
import type { ConnectionInfo } from '@holdfast/http'
import type { AccessClaims } from './access/claims.js'
import { AccessTokenVerifier } from './access/verifier.js'
import type { Nonces } from './dpop/nonces.js'
import type { Proof } from './dpop/proof.js'
import { Endpoints, type TokenEndpoint } from './endpoints/endpoints.js'
import { invalidProof, invalidToken, TokenError, type TokenReason } from './errors.js'
import { checkSession } from './grants/check.js'
import type { TokenClient } from './grants/clients.js'
import { introspectToken, type Introspection } from './grants/introspect.js'
import { issueGrant, scopeError } from './grants/issue.js'
import type { Issuer } from './grants/issuer.js'
import { type PresentedProof, ProofGate } from './grants/proofs.js'
import { refreshToken } from './grants/refresh-token.js'
import { type Revocation, revokeGrant } from './grants/revoke.js'
import type { TokenSet } from './grants/token-set.js'
import type {
  DeviceOptions,
  IssueOptions,
  RefreshOptions,
  RevokeOptions,
  SignInOptions,
} from './call-options.js'
import { consume } from './once/consume-once.js'
import { readTokensOptions, type TokensOptions } from './tokens-options.js'

/** Access tokens, refresh tokens and their endpoints, on the sessions of one manager. */
export class Tokens {
  /** Nonces for DPoP proofs; those of every process with the same keys are known here. */
  readonly nonces: Nonces
  /** All endpoints as one fetch handler: undefined for a path that is none of them. */
  readonly handler = async (
    request: Request,
    info?: ConnectionInfo,
  ): Promise<Response | undefined> => {
    const name = this.#endpoints.routes.at(new URL(request.url).pathname)
    return name === undefined ? undefined : this.endpoint(name)(request, info)
  }
  /** Whether the session of these claims lives and its grant is there: for servers that verify tokens themselves. */
  readonly isLive = (claims: AccessClaims): MaybePromise<boolean> => {
    const reason = checkSession(this.#issuer, claims)
    return isPromise(reason) ? reason.then((found) => found === null) : reason === null
  }
  /** Whether a DPoP proof comes for the first time, in whichever process on the store: for servers that verify proofs themselves. */
  readonly firstUse = ({
    jkt,
    jti,
    until,
  }: Pick<Proof, 'jkt' | 'jti' | 'until'>): Promise<boolean> =>
    consume(this.#issuer.engine, ['dpop', jkt, jti], until)
  readonly #issuer: Issuer
  readonly #endpoints: Endpoints
  readonly #handlers = new Map<string, TokenEndpoint>()
  /** Sessions that were opened for a client without a cookie. */
  readonly #alone = new WeakSet<OpenSession>()

  constructor(sessions: Sessions<never>, options: TokensOptions) {
    const rules = readTokensOptions(options)
    const engine = engineOf(sessions)
    const { keys, audience, clients, acr, accessTokenLifetime, refreshCountsAsActivity } = rules
    const { now } = engine
    this.#issuer = {
      sessions,
      engine,
      name: rules.issuer,
      audience,
      keys,
      clients,
      verifier: new AccessTokenVerifier({ keys, issuer: rules.issuer, audience, now }),
      proofs: new ProofGate(engine, rules.dpopNonce),
      accessTokenLifetime,
      refreshCountsAsActivity,
      acr,
    }
    this.nonces = this.#issuer.proofs.nonces
    this.#endpoints = new Endpoints(this.#issuer, sessions, rules)
  }

  /**
   * Gives a client tokens on a session that somebody is signed in to. The oldest of more than 16 grants of a session goes.
   *
   * Errors: `ERR_SESSION_NOT_AUTHENTICATED`, `ERR_SESSION_ENDED`, `ERR_TOKEN_SCOPE`, `ERR_TOKEN_DPOP_INVALID`,
   * `ERR_TOKEN_DPOP_NONCE`, store errors; `TypeError` for an unknown client.
   */
  async issue(
    session: Pick<Session, 'id'>,
    { client, scope, dpop }: IssueOptions,
  ): Promise<TokenSet> {
    const open = openSessionOf(session)
    const alone = this.#alone.has(open)
    const grantable = { client: this.#client(client), scope, proof: dpop ?? null, alone }
    return issueGrant(this.#issuer, open, grantable)
  }

  /**
   * A session for a client that has no cookie: open it before you look at a password, so that a revocation meanwhile is not
   * missed; then `session.authenticate()`, then {@link Tokens.issue}. Errors: store errors.
   */
  async open(device: DeviceOptions = {}): Promise<Session> {
    const { sessions } = this.#issuer
    // The cookie's token of this session is given to nobody.
    const keys = sessions.tokenKeys('~tokens')
    const open = await sessions.open(keys, factsOf(device, true))
    this.#alone.add(open)
    return new OpenedSession(open)
  }

  /** Signs a subject in on a new session without a cookie, and gives the client its tokens. */
  async signIn({ subject, methods, ...options }: SignInOptions): Promise<TokenSet> {
    this.#client(options.client)
    const session = await this.open(options)
    await session.authenticate(subject, methods === undefined ? {} : { methods })
    return this.issue(session, options)
  }

  /**
   * Gives tokens anew and replaces the refresh token. Whoever presents the old one again while it is in its grace gets the same
   * successor; later the session ends with reason `token_reuse`.
   *
   * Errors: `ERR_TOKEN_INVALID` for every refresh token that is not honoured, `ERR_TOKEN_SCOPE`, `ERR_TOKEN_DPOP_INVALID`,
   * `ERR_TOKEN_DPOP_NONCE`, `ERR_SESSION_CONFLICT`, store errors; `TypeError` for an unknown client.
   */
  async refresh(token: string, options: RefreshOptions): Promise<TokenSet> {
    const { active = true } = options
    const refreshed = await refreshToken(this.#issuer, textOf(token), {
      client: this.#client(options.client),
      scope: options.scope,
      proof: options.dpop ?? null,
      active,
      facts: factsOf(options, active),
    })
    if (refreshed.status === 'refreshed') return refreshed.tokens
    throw refreshed.error === 'invalid_scope' ? scopeError() : invalidRefresh(refreshed.reason)
  }

  /**
   * Ends the tokens of one client on one session, by its refresh token or an access token; with them the session where it was
   * opened for this client alone. `done` also where there was nothing to end; `other_client` for a token of another client,
   * which stays good. Durable when this returns. Errors: store errors.
   */
  revoke(
    token: string,
    { client, endSession = false, ...device }: RevokeOptions,
  ): Promise<Revocation> {
    const request = { client: this.#client(client), endSession, facts: factsOf(device, true) }
    return revokeGrant(this.#issuer, textOf(token), request)
  }

  /** What a token is good for now (RFC 7662); a refresh token is told to its own client alone. Errors: store errors. */
  introspect(token: string, { client }: Pick<IssueOptions, 'client'>): Promise<Introspection> {
    return introspectToken(this.#issuer, textOf(token), this.#client(client))
  }

  /**
   * The claims of an access token whose session lives and whose grant is there, now: a revocation reaches this check as it reaches
   * a cookie's. Answers at once where it can. A token that is bound to a key needs its proof.
   *
   * Errors: `ERR_TOKEN_INVALID`, `ERR_TOKEN_DPOP_INVALID`, store errors, upon which the request is refused.
   */
  verify(token: string, dpop?: PresentedProof): MaybePromise<AccessClaims> {
    const claims = this.#verifier(token)
    const { cnf } = claims
    if (cnf === undefined) {
      const reason = checkSession(this.#issuer, claims)
      return isPromise(reason)
        ? reason.then((found) => this.#judged(claims, found))
        : this.#judged(claims, reason)
    }
    return this.#verifyBound(token, claims, cnf.jkt, dpop)
  }

  /** One endpoint as a fetch handler, to be mounted at its own path: DPoP proofs and the refresh cookie name it. */
  endpoint(name: 'issue' | 'token' | 'revoke' | 'introspect' | 'jwks' | 'metadata'): TokenEndpoint {
    const known = this.#handlers.get(name)
    if (known !== undefined) return known
    const handler = this.#endpoints.endpoint(name)
    this.#handlers.set(name, handler)
    return handler
  }

  #verifier(token: string): AccessClaims {
    try {
      return this.#issuer.verifier.verify(token)
    } catch (error) {
      if (error instanceof TokenError) this.#rejected(error.reason ?? 'malformed', null)
      throw error
    }
  }

  async #verifyBound(
    token: string,
    claims: AccessClaims,
    jkt: string,
    dpop: PresentedProof | undefined,
  ): Promise<AccessClaims> {
    const { proofs } = this.#issuer
    try {
      if (dpop === undefined) throw invalidProof('proof_missing')
      const proof = proofs.check(dpop, { accessToken: token, jkt, nonce: false })
      this.#judged(claims, await checkSession(this.#issuer, claims))
      await proofs.spend(proof)
      return claims
    } catch (error) {
      if (error instanceof TokenError && error.code === 'ERR_TOKEN_DPOP_INVALID')
        this.#rejected(error.reason ?? 'proof_malformed', claims)
      throw error
    }
  }

  #judged(claims: AccessClaims, reason: TokenReason | null): AccessClaims {
    if (reason === null) return claims
    this.#rejected(reason, claims)
    throw invalidToken(reason)
  }

  #rejected(reason: TokenReason, claims: AccessClaims | null): void {
    const { events } = this.#issuer.engine
    if (!events.active) return
    const about = {
      sessionId: claims?.sid ?? null,
      subject: claims?.sub ?? null,
      clientId: claims?.client_id ?? null,
    }
    events.emit('token_rejected', { ...about, reason })
  }

  #client(id: string): TokenClient {
    const client = this.#issuer.clients.get(id)
    if (client === undefined) throw new TypeError(`there is no client '${id}'`)
    return client
  }
}

/**
 * Makes the issuer of an application's tokens.
 *
 * Errors: `TypeError` naming a wrong option, `ERR_SESSION_CONFIG` for a value that is not allowed.
 */
export function createTokens<Data extends object>(
  sessions: Sessions<Data>,
  options: TokensOptions,
): Tokens {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the data of a session looks like does not matter here
  return new Tokens(sessions as unknown as Sessions<never>, options)
}

function factsOf(
  { address = null, userAgent = null }: DeviceOptions,
  active: boolean,
): RequestFacts {
  return {
    token: null,
    rejection: null,
    address,
    userAgent,
    countsAsActivity: active,
    refusal: null,
  }
}

function invalidRefresh(reason: TokenReason): TokenError {
  return new TokenError('ERR_TOKEN_INVALID', 'the refresh token is not valid', { reason })
}

function textOf(token: unknown): string {
  if (typeof token === 'string') return token
  throw new TypeError('token must be a string')
}
