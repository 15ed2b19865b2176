import type { HeaderValue } from '@holdfast/http'
import { TokenError } from '../errors.js'

/** How a token was presented (RFC 6750 §2.1, RFC 9449 §7.1). */
export type TokenScheme = 'Bearer' | 'DPoP'

export interface PresentedToken {
  readonly scheme: TokenScheme
  readonly token: string
}

/** A scheme of ours is named, in whatever form. Schemes are compared without regard to case (RFC 9110 §11.1). */
const OURS = /(?:^|,)[ \t]*(?:bearer|dpop)(?:[ \t,]|$)/i
const CREDENTIALS = /^[ \t]*(bearer|dpop) +([0-9A-Za-z\-._~+/]+=*)[ \t]*$/i

/**
 * The access token of an `Authorization` header, the only place that one is read from. Throws `ERR_TOKEN_MISSING` where
 * there is none, and `ERR_TOKEN_REQUEST` for several lines and for what has not exactly one token.
 */
export function readToken(authorization: HeaderValue): PresentedToken {
  const lines = typeof authorization === 'string' ? [authorization] : (authorization ?? [])
  const [line = ''] = lines
  if (!lines.some((each) => OURS.test(each))) {
    throw new TokenError('ERR_TOKEN_MISSING', 'the request has no access token')
  }
  const [, scheme, token] = CREDENTIALS.exec(line) ?? []
  if (lines.length > 1 || scheme === undefined || token === undefined) {
    throw new TokenError('ERR_TOKEN_REQUEST', 'the Authorization header must have one access token')
  }
  return { scheme: scheme.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', token }
}
