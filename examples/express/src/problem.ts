import { STATUS_CODES } from 'node:http'
import { SessionError } from '@holdfast/core'

/** An answer other than success: handlers throw it, `errors.ts` sends it. */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    code: string,
    detail: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail)
    this.status = status
    this.code = code
    this.headers = headers
  }

  get title(): string {
    return STATUS_CODES[this.status] ?? 'Error'
  }
}

/** What each failure of a session means to the visitor of this site. Others mean 500. */
const SESSION_PROBLEMS: Readonly<Record<string, readonly [status: number, detail: string]>> = {
  ERR_SESSION_CSRF: [
    403,
    'This request did not come from a current page of this site. If you sent a form, your session has changed since the page was loaded: load it again.',
  ],
  ERR_SESSION_ENDED: [401, 'Your session ended or changed while this request was under way.'],
  ERR_SESSION_NOT_AUTHENTICATED: [401, 'Sign in first.'],
  ERR_SESSION_NOT_FRESH: [401, 'This needs your password again.'],
  ERR_SESSION_LIMIT: [403, 'You are signed in on as many devices as you may be.'],
  // All session data of this site comes from the client.
  ERR_SESSION_DATA_INVALID: [400, 'This key or value cannot be stored.'],
  ERR_SESSION_DATA_TOO_LARGE: [413, 'This is more than a session can hold (64 KiB).'],
}

/** What went wrong, in words for the visitor: nothing of the error's own message, which is for the programmer. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  const status = statusOf(error)
  if (error instanceof SessionError) {
    const [ownStatus, detail] = SESSION_PROBLEMS[error.code] ?? [status, detailOf(status)]
    return new Problem(ownStatus, error.code, detail, status === 503 ? { 'Retry-After': '1' } : {})
  }
  return new Problem(status, status < 500 ? 'bad_request' : 'internal', detailOf(status))
}

/** Express, its body parser and `@holdfast/express` all say the status in `error.status`. */
function statusOf(error: unknown): number {
  const status = error instanceof Error && 'status' in error ? error.status : 500
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500
}

function detailOf(status: number): string {
  switch (status) {
    case 413:
      return 'This is more than the site takes.'
    case 415:
      return 'Send JSON or a form, in UTF-8.'
    case 503:
      return 'We cannot check your session right now, so nothing was done. You are still signed in: try again in a moment.'
    default:
      return status < 500
        ? 'The request could not be understood.'
        : 'Something went wrong on our side.'
  }
}
