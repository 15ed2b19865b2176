import { BrowserClientError } from './errors.js'
import { type Grant, lifeLeft } from './grant.js'
import type { Parts } from './parts.js'
import { sendProved } from './proof.js'

/** A token that ends while the request is on its way would cost a second one. */
const LAST_MOMENT = 1_000

/**
 * Sends one request of the application. It carries the token if it goes to an allowed origin and somebody is signed in. `renew`
 * resolves when the grant is another one, or nobody is signed in any more.
 */
export async function send(
  parts: Parts,
  renew: () => Promise<void>,
  request: Request,
): Promise<Response> {
  const { origins } = parts.options
  const mine = origins.has(new URL(request.url).origin) && !request.headers.has('Authorization')
  if (!mine) return fetch(request)
  const grant = await usable(parts, renew)
  if (grant === null) return fetch(request)
  // The body of a request can be read once, and a second attempt may need it.
  const response = await attempt(parts, grant, request.clone())
  if (!isRefused(response)) return response
  if (parts.state.grant === grant) await renew()
  const { grant: next } = parts.state
  if (next === null || next === grant) return response
  await response.body?.cancel()
  return attempt(parts, next, request)
}

async function usable({ state }: Parts, renew: () => Promise<void>): Promise<Grant | null> {
  const { grant } = state
  const wanted = grant === null ? state.public.status !== 'signed-out' : isOver(grant)
  if (wanted) await renew()
  return state.grant
}

function isOver(grant: Grant): boolean {
  return lifeLeft(grant) <= Math.min(LAST_MOMENT, grant.lifetime / 2)
}

async function attempt({ prover }: Parts, grant: Grant, given: Request): Promise<Response> {
  // Where a redirect leads cannot be seen beforehand, so none is followed with a token.
  const follow = given.redirect === 'follow'
  const request = follow ? new Request(given, { redirect: 'manual' }) : given
  request.headers.set('Authorization', `${grant.scheme} ${grant.token}`)
  const response = await sendProved(prover, request, grant.token)
  if (follow && response.type === 'opaqueredirect')
    throw new BrowserClientError('ERR_CLIENT_REDIRECT', 'A redirect is not followed with a token')
  return response
}

/** Whether another token could help: not where more rights (RFC 6750) or a fresh sign-in (RFC 9470) are wanted. */
function isRefused({ status, headers }: Response): boolean {
  const challenge = headers.get('WWW-Authenticate') ?? ''
  return status === 401 && !/insufficient_(scope|user_authentication)/.test(challenge)
}
