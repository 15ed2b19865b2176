import { SessionError } from './errors.js'

/** The session ended, or its token was replaced, while the request was under way: the write is refused, not lost in silence. */
export function endedError(): SessionError {
  return new SessionError(
    'ERR_SESSION_ENDED',
    'the session ended, or a sign-in replaced its token, while this request was under way; nothing was written',
  )
}

export function tooLargeError(bytes: number, max: number): SessionError {
  return new SessionError(
    'ERR_SESSION_DATA_TOO_LARGE',
    `the session's data would take ${bytes} bytes; maxDataBytes is ${max}. Keep large things elsewhere and store their id`,
  )
}

/** Something that needs a signed-in subject was asked of an anonymous session. */
export function notAuthenticated(): SessionError {
  return new SessionError(
    'ERR_SESSION_NOT_AUTHENTICATED',
    'nobody is signed in to this session; call authenticate() first',
  )
}

/** A sign-in lost to a revocation that was acknowledged after its request began. */
function revokedMeanwhile(): SessionError {
  return new SessionError(
    'ERR_SESSION_ENDED',
    'the sessions of this subject (or all sessions) were revoked after this request began, so it may not start one. A request that revokes and then signs in must call authenticate() first and revokeOthers() after it',
  )
}

/** Two equal ids: the generator is broken. */
function repeatedId(): SessionError {
  return new SessionError(
    'ERR_SESSION_RANDOM_FAILED',
    'a new session id was taken already, which a working random generator does not do; nothing was written',
  )
}

/** A sign-in over the limit, where the limit says `reject`. */
export function limitError(): SessionError {
  return new SessionError(
    'ERR_SESSION_LIMIT',
    'the subject has as many sessions as maxSessionsPerSubject allows; end one of them first',
  )
}

/** Others kept changing the session between read and write. */
export function conflictError(attempts: number): SessionError {
  return new SessionError(
    'ERR_SESSION_CONFLICT',
    `the session changed between read and write ${attempts} times in a row; try again later`,
    { retryable: true },
  )
}

/** The caller wanted to change one version, and the session is of another. */
export function otherVersion(): SessionError {
  return new SessionError(
    'ERR_SESSION_CONFLICT',
    'the session is of another version than the one that was to be changed; nothing was written. Load it again',
  )
}

/** A change that would need a cookie or a later commit, after the headers have left. */
export function responseCommitted(): SessionError {
  return new SessionError(
    'ERR_SESSION_RESPONSE_COMMITTED',
    'the response headers have left, so this change would be lost; change the session before the response begins, or use await session.update()',
  )
}

/** A token may not leave with this response; `why` says so in words. */
export function insecureTransport(why: string): SessionError {
  return new SessionError('ERR_SESSION_INSECURE_TRANSPORT', why)
}

/** Why a new session could not be stored. */
export function notInserted(status: 'ended' | 'exists'): SessionError {
  return status === 'ended' ? revokedMeanwhile() : repeatedId()
}
