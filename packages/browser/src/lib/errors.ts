/**
 * - `ERR_CLIENT_UNAVAILABLE`: nobody could be asked: offline, a timeout, 429, 5xx, an answer that is none of the server's. The
 *   user is still signed in; try again.
 * - `ERR_CLIENT_REFUSED`: the server refused a sign-in or a sign-out. `status` and `body` are its answer.
 * - `ERR_CLIENT_REDIRECT`: a request that carried the token was answered with a redirect, which was not followed.
 */
export type BrowserClientErrorCode =
  | 'ERR_CLIENT_UNAVAILABLE'
  | 'ERR_CLIENT_REFUSED'
  | 'ERR_CLIENT_REDIRECT'

interface Details {
  readonly status?: number
  readonly body?: unknown
  readonly wait?: number
  readonly cause?: unknown
}

/** The one error of this package. Its message holds no token. */
export class BrowserClientError extends Error {
  readonly code: BrowserClientErrorCode
  /** The HTTP status of the answer; 0 where there was none. */
  readonly status: number
  /** The JSON body of the answer; undefined where there was none. */
  readonly body: unknown
  /** Milliseconds for which the server wants to be left alone; 0 where it has not said so. */
  readonly wait: number

  constructor(
    code: BrowserClientErrorCode,
    message: string,
    { status = 0, body, wait = 0, cause }: Details = {},
  ) {
    super(message, { cause })
    this.name = 'BrowserClientError'
    this.code = code
    this.status = status
    this.body = body
    this.wait = wait
  }
}

/** Nobody could be asked. */
export function unavailable(details: Details): BrowserClientError {
  return new BrowserClientError('ERR_CLIENT_UNAVAILABLE', 'The server could not be asked', details)
}

/** How long the server wants to be left alone; null for errors of another kind, which are mistakes. */
export function waitOf(error: unknown): number | null {
  return error instanceof BrowserClientError && error.code === 'ERR_CLIENT_UNAVAILABLE'
    ? error.wait
    : null
}
