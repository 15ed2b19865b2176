import { SessionError } from '@holdfast/core'
import { TokenError } from '../errors.js'

/** What a server answers where an error ends the request. */
export interface Refusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** RFC 9457 problem details: the code, and nothing that tells one bad token from another. */
  readonly body: string
}

/** The answer to an error of {@link ResourceServer.verify}; 500 for an error that is neither of tokens nor of sessions. */
export function refusalOf(error: unknown): Refusal {
  const known = error instanceof TokenError || error instanceof SessionError
  const status = known ? error.status : 500
  const code = known ? error.code : 'ERR_INTERNAL'
  const headers = {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...(error instanceof TokenError ? error.headers : {}),
  }
  return { status, headers, body: JSON.stringify({ type: 'about:blank', status, code }) }
}
