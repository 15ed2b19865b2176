import type { Sessions } from '@holdfast/core'
import { openSessionOf, type RequestFacts } from '@holdfast/core/engine'
import { type ConnectionInfo, fetchSessions, type Open } from '@holdfast/http'
import { createTransport, FetchRequest, type Transport } from '@holdfast/http/transport'
import type { TokenClient } from '../grants/clients.js'
import { introspectToken } from '../grants/introspect.js'
import { issueGrant } from '../grants/issue.js'
import type { Issuer } from '../grants/issuer.js'
import type { PresentedProof } from '../grants/proofs.js'
import { refreshToken } from '../grants/refresh-token.js'
import { revokeGrant } from '../grants/revoke.js'
import type { TokenSet } from '../grants/token-set.js'
import type { TokensRules } from '../tokens-options.js'
import { answer, answerError, refuse } from './answer.js'
import { readForm, readJson } from './body.js'
import { authenticateClient } from './client-authentication.js'
import { metadataOf, publish } from './documents.js'
import { Pages } from './pages.js'
import { RefreshCookies } from './refresh-cookies.js'
import { type RouteName, Routes } from './routes.js'

/** Answers one request; `info` is what the platform knows of the connection. */
export type TokenEndpoint = (request: Request, info?: ConnectionInfo) => Promise<Response>

type Form = ReadonlyMap<string, string>

/** One request at an endpoint for clients. */
interface Call {
  readonly request: Request
  readonly incoming: FetchRequest
  readonly form: Form
  readonly client: TokenClient
  readonly facts: RequestFacts
}

/** The endpoints over HTTP, as fetch handlers. */
export class Endpoints {
  readonly routes: Routes
  readonly #issuer: Issuer
  readonly #transport: Transport
  readonly #open: Open<never>
  readonly #cookies: RefreshCookies
  readonly #pages: Pages

  constructor(
    issuer: Issuer,
    sessions: Sessions<never>,
    { basePath, transport, issuer: name }: TokensRules,
  ) {
    this.#issuer = issuer
    this.routes = new Routes(name, basePath)
    this.#pages = new Pages(issuer)
    const door = this.#pages.trusted(transport)
    this.#transport = createTransport(sessions, door)
    this.#open = fetchSessions(sessions, door)
    this.#cookies = new RefreshCookies(issuer, sessions, transport)
  }

  /** The endpoint of one name. It answers whatever path it is mounted at. */
  endpoint(name: RouteName): TokenEndpoint {
    const isDocument = name === 'jwks' || name === 'metadata'
    const methods = isDocument ? ['GET', 'HEAD'] : ['POST']
    const answerOf: TokenEndpoint = async (request, info = {}) => {
      if (!methods.includes(request.method)) return wrongMethod(methods)
      try {
        return await this.#answer(name, request, info)
      } catch (error) {
        return this.#withNonce(request, answerError(error))
      }
    }
    // Introspection is for servers.
    if (isDocument || name === 'introspect') return answerOf
    return async (request, info) => {
      const response = this.#pages.preflight(request) ?? (await answerOf(request, info))
      return this.#pages.share(request, response)
    }
  }

  #answer(name: RouteName, request: Request, info: ConnectionInfo): Promise<Response> {
    switch (name) {
      case 'issue':
        return this.#issue(request, info)
      case 'token':
        return this.#forClient(request, info, (call) => this.#token(call))
      case 'revoke':
        return this.#forClient(request, info, (call) => this.#revoke(call, info))
      case 'introspect':
        return this.#forClient(request, info, (call) => this.#introspect(call))
      case 'jwks':
        return Promise.resolve(
          publish(request, this.#issuer.keys.jwks(), 'application/jwk-set+json'),
        )
      case 'metadata':
        return Promise.resolve(publish(request, metadataOf(this.#issuer, this.routes)))
    }
  }

  /** Tokens for a page whose visitor is signed in by cookie. */
  async #issue(request: Request, info: ConnectionInfo): Promise<Response> {
    const { session, commit } = await this.#open(request, info)
    const body = await readJson(request)
    if (body instanceof Response) return commit(body)
    const [id, scope] = [body.get('client_id'), body.get('scope')]
    if (typeof id !== 'string' || (scope !== undefined && typeof scope !== 'string'))
      return commit(refuse(400, 'invalid_request'))
    const client = this.#issuer.clients.get(id)
    if (client === undefined) return commit(refuse(400, 'invalid_client'))
    // Any other client would get its refresh token in the body, where scripts of the page could read it.
    if (client.type !== 'browser') return commit(refuse(400, 'unauthorized_client'))
    if (!this.#pages.admits(request, client)) return commit(refuse(403, 'invalid_request'))
    if (session.subject === null) return commit(refuse(401, 'login_required'))
    const incoming = new FetchRequest(request, info)
    if (this.#transport.facts(incoming, true).refusal !== null)
      return commit(refuse(400, 'invalid_request'))
    const proof = this.#proof(request, 'issue')
    const grantable = { client, scope, proof, alone: false }
    const response = await issueGrant(this.#issuer, openSessionOf(session), grantable).then(
      (tokens) => this.#handOut(request, incoming, client, tokens),
      (error: unknown) => this.#withNonce(request, answerError(error)),
    )
    return commit(response)
  }

  /** RFC 6749 §6. */
  async #token(call: Call): Promise<Response> {
    const { request, incoming, form, client, facts } = call
    const type = form.get('grant_type')
    if (type !== 'refresh_token')
      return refuse(400, type === undefined ? 'invalid_request' : 'unsupported_grant_type')
    const active = flag(form, 'active', true)
    if (active === null) return refuse(400, 'invalid_request')
    const token = this.#presented(call, 'refresh_token')
    if (token instanceof Response) return token
    if (token === null) return refuse(400, 'invalid_grant')
    const proof = this.#proof(request, 'token')
    const asked = { client, scope: form.get('scope'), proof, active, facts }
    const refreshed = await refreshToken(this.#issuer, token, asked)
    if (refreshed.status === 'refused') return refuse(400, refreshed.error, refreshed.shown)
    return this.#handOut(request, incoming, client, refreshed.tokens)
  }

  /**
   * RFC 7009. A token that is no token (any more) is as good as revoked; one of another client is not this one's to revoke. A page
   * that signs its visitor out ends the session of the cookie too: its refresh token may be gone, or of another session.
   */
  async #revoke(call: Call, info: ConnectionInfo): Promise<Response> {
    const { request, incoming, form, client, facts } = call
    const endSession = flag(form, 'end_session', false)
    if (endSession === null || (endSession && client.type === 'confidential'))
      return refuse(400, 'invalid_request')
    const token = this.#presented(call, 'token')
    if (token instanceof Response) return token
    const inCookie = client.type === 'browser'
    const visitor = inCookie && endSession ? await this.#open(request, info) : null
    const outcome =
      token === null
        ? 'done'
        : await revokeGrant(this.#issuer, token, { client, endSession, facts })
    if (outcome === 'other_client') return refuse(400, 'invalid_grant')
    await visitor?.session.revoke()
    const response = answer(200, {})
    if (inCookie) response.headers.append('Set-Cookie', this.#cookies.expire(client, incoming))
    return visitor === null ? response : visitor.commit(response)
  }

  /** RFC 7662. */
  async #introspect({ form, client }: Call): Promise<Response> {
    if (!client.introspection) return refuse(403, 'unauthorized_client')
    const token = form.get('token')
    if (token === undefined) return refuse(400, 'invalid_request')
    return answer(200, await introspectToken(this.#issuer, token, client))
  }

  async #forClient(
    request: Request,
    info: ConnectionInfo,
    handle: (call: Call) => Promise<Response>,
  ): Promise<Response> {
    const form = await readForm(request)
    if (form instanceof Response) return form
    const client = authenticateClient(this.#issuer.clients, request, form)
    if (client instanceof Response) return client
    if (!this.#pages.admits(request, client)) return refuse(403, 'invalid_request')
    const incoming = new FetchRequest(request, info)
    const facts = this.#transport.facts(incoming, form.get('active') !== 'false')
    return handle({ request, incoming, form, client, facts })
  }

  /**
   * The token that a client presents: a browser's in its cookie, on a request that no other site caused; any other client's in the
   * form. Null for a browser without a cookie.
   */
  #presented({ incoming, form, client, facts }: Call, field: string): string | Response | null {
    const given = form.get(field)
    if (client.type !== 'browser') return given ?? refuse(400, 'invalid_request')
    if (given !== undefined || facts.refusal !== null) return refuse(400, 'invalid_request')
    this.#transport.assertSameOrigin(incoming)
    return this.#cookies.read(client, incoming)
  }

  #proof(request: Request, name: RouteName): PresentedProof | null {
    const header = request.headers.get('dpop')
    return header === null ? null : { header, method: request.method, url: this.routes.url(name) }
  }

  /** RFC 6749 §5.1, and what a page needs to warn its user in time. */
  #handOut(
    request: Request,
    incoming: FetchRequest,
    client: TokenClient,
    tokens: TokenSet,
  ): Response {
    const now = this.#issuer.engine.now()
    const left = (instant: number): number => Math.max(0, Math.floor((instant - now) / 1000))
    const inCookie = client.type === 'browser'
    const response = answer(200, {
      access_token: tokens.accessToken,
      token_type: tokens.tokenType,
      expires_in: left(tokens.expiresAt),
      ...(tokens.scope === '' ? {} : { scope: tokens.scope }),
      ...(inCookie ? {} : { refresh_token: tokens.refreshToken }),
      session_id: tokens.sessionId,
      idle_expires_in: left(tokens.idleDeadline),
      session_expires_in: left(tokens.absoluteDeadline),
    })
    if (inCookie)
      response.headers.append('Set-Cookie', this.#cookies.write(client, incoming, tokens, now))
    return this.#withNonce(request, response)
  }

  /** Whoever sends proofs learns of the nonce for the next one (RFC 9449 §8.2). */
  #withNonce(request: Request, response: Response): Response {
    const { proofs } = this.#issuer
    if (request.headers.has('dpop') && proofs.asksForNonce)
      response.headers.set('DPoP-Nonce', proofs.nonces.issue())
    return response
  }
}

/** `true` or `false` of a form; null for anything else. */
function flag(form: Form, name: string, preset: boolean): boolean | null {
  const text = form.get(name)
  if (text === undefined) return preset
  return text === 'true' || text === 'false' ? text === 'true' : null
}

function wrongMethod(methods: readonly string[]): Response {
  const response = refuse(405, 'invalid_request')
  response.headers.set('Allow', methods.join(', '))
  return response
}
