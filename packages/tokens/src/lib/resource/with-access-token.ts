import type { AccessClaims } from '../access/claims.js'
import { originOption } from '../options.js'
import { refusalOf } from './answer.js'
import { type AccessRequirements, checkRequirements } from './requirements.js'
import type { ResourceServer } from './resource-server.js'

/** Answers a request whose access token is good. */
export type AccessHandler = (request: Request, claims: AccessClaims) => Response | Promise<Response>

export interface WithAccessTokenOptions extends AccessRequirements {
  /** Scheme and host that clients use, such as `https://api.example`: needed where tokens are bound to keys. */
  readonly origin?: string
  /** Answers a request that may not pass. Default: the status and headers of {@link refusalOf}. */
  readonly onError?: (error: unknown, request: Request) => Response | Promise<Response>
}

/** A fetch handler that runs `handler` for requests with a good access token and refuses all others. */
export function withAccessToken(
  server: ResourceServer,
  handler: AccessHandler,
  { origin, onError = answer, ...requirements }: WithAccessTokenOptions = {},
): (request: Request) => Promise<Response> {
  checkRequirements(requirements)
  originOption(origin, 'origin')
  return async (request) => {
    const { method, headers } = request
    // The host of `request.url` is not asked: most platforms take it from the Host header, which whoever sends the request writes.
    const url = origin === undefined ? null : `${origin}${new URL(request.url).pathname}`
    const presented = { authorization: headers.get('authorization'), dpop: headers.get('dpop') }
    try {
      const access = await server.verify({ method, url, ...presented }, requirements)
      return withMore(await handler(request, access.claims), access.headers)
    } catch (error) {
      return onError(error, request)
    }
  }
}

function answer(error: unknown): Response {
  const { status, headers, body } = refusalOf(error)
  return new Response(body, { status, headers })
}

function withMore(response: Response, more: Readonly<Record<string, string>>): Response {
  if (Object.keys(more).length === 0) return response
  const headers = new Headers(response.headers)
  for (const [name, value] of Object.entries(more)) headers.set(name, value)
  const { status, statusText } = response
  return new Response(response.body, { status, statusText, headers })
}
