import { SessionError } from '@holdfast/core'
import type { HeaderValue } from '@holdfast/http'
import type { AccessClaims } from '../access/claims.js'
import { originOption } from '../options.js'
import { type AccessRequirements, checkRequirements } from './requirements.js'
import type { Access, AccessRequest, ResourceServer } from './resource-server.js'

/** What is read of a request: node:http's and Express's have it, and so has what is built on them. */
export interface HandledRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** Express: the URL before a router took its part off. */
  readonly originalUrl?: string | undefined
  readonly headers: Readonly<Record<string, HeaderValue>>
  /** node:http: every line of a header, where `headers` keeps the first. */
  readonly headersDistinct?: Readonly<Record<string, readonly string[] | undefined>>
}

/** What is done to a response: a new nonce is put on it. */
export interface HandledResponse {
  setHeader(name: string, value: string): unknown
}

export interface RequireAccessTokenOptions extends AccessRequirements {
  /** Scheme and host that clients use, such as `https://api.example`: needed where tokens are bound to keys. */
  readonly origin?: string
}

const claimsByRequest = new WeakMap<object, AccessClaims>()

/**
 * A `(req, res, next)` handler for Express, Connect and node:http: `next()` for a request with a good access token, whose
 * claims {@link accessClaims} then gives, `next(error)` for every other. The error has the `status` and `headers` of the
 * answer, which Express sends by itself; `refusalOf(error)` is there for node:http.
 */
export function requireAccessToken(
  server: ResourceServer,
  { origin, ...requirements }: RequireAccessTokenOptions = {},
): (req: HandledRequest, res: HandledResponse, next: (error?: unknown) => void) => void {
  checkRequirements(requirements)
  originOption(origin, 'origin')
  return (req, res, next) => {
    const pass = ({ claims, headers }: Access): void => {
      claimsByRequest.set(req, claims)
      for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
    }
    check(server, req, origin, requirements)
      .then(pass)
      .then(() => next(), next)
  }
}

/** The claims of a request that {@link requireAccessToken} let pass. Throws for one that it has not seen. */
export function accessClaims(req: object): AccessClaims {
  const claims = claimsByRequest.get(req)
  if (claims !== undefined) return claims
  throw new SessionError('ERR_SESSION_CONFIG', 'requireAccessToken() has not run for this request')
}

async function check(
  server: ResourceServer,
  req: HandledRequest,
  origin: string | undefined,
  requirements: AccessRequirements,
): Promise<Access> {
  const authorization = headerOf(req, 'authorization')
  const dpop = headerOf(req, 'dpop')
  const { method = '' } = req
  // The Host header is not asked: whoever sends the request writes it.
  const url = origin === undefined ? null : `${origin}${req.originalUrl ?? req.url ?? ''}`
  const request: AccessRequest = { method, url, authorization, dpop }
  return server.verify(request, requirements)
}

/** All lines: a request with two must not be read by the first here and by the last elsewhere. */
function headerOf({ headers, headersDistinct }: HandledRequest, name: string): HeaderValue {
  return headersDistinct?.[name] ?? headers[name]
}
