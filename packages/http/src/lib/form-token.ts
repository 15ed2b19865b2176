import { SessionError, type Session } from '@holdfast/core'
import type { HeaderValue } from './header-value.js'
import { isSimpleContentType } from './media-type.js'
import { isSafeMethod } from './origin.js'

/** One unsafe request, its body already parsed. */
export interface FormRequest {
  readonly method: string
  readonly contentType: HeaderValue
  /** The token that the form or a header brought, if any. */
  readonly token: unknown
}

/**
 * Throws `ERR_SESSION_CSRF` unless an unsafe request that a form of another site could have made (a CORS-safelisted content
 * type) brings the session's own CSRF token. A request without a session has nothing to ride on; JSON cannot be sent
 * across origins without a preflight. The second line of defence, after the origin check (NIST SP 800-63B-4 §5.1).
 */
export function checkFormToken<Data extends object>(
  session: Session<Data>,
  request: FormRequest,
): void {
  if (
    isSafeMethod(request.method) ||
    session.id === null ||
    !isSimpleContentType(request.contentType)
  )
    return
  if (session.verifyCsrfToken(request.token)) return
  throw new SessionError(
    'ERR_SESSION_CSRF',
    'the form brought no valid CSRF token of this session; put session.csrfToken() into a hidden field named _csrf, or into the X-CSRF-Token header',
  )
}
