import { SessionError } from '@holdfast/core'

/** Replies by which a server says that it cannot serve now, though it may later. */
const PASSING =
  /^(?:LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|OOM|MISCONF|NOREPLICAS|MOVED|ASK|UNBLOCKED)\b/

/** What went wrong underneath, without the command's arguments, which a driver keeps beside its message. */
function plainCause(error: unknown): Error {
  if (!(error instanceof Error)) return new Error('the driver failed with no error')
  const cause = new Error(error.message)
  cause.name = error.name
  if ('code' in error && typeof error.code === 'string') Object.assign(cause, { code: error.code })
  return cause
}

/** A driver's or a server's failure as the one class that the contract knows. */
export function storeFailure(error: unknown, operation: string): SessionError {
  if (error instanceof SessionError) return error
  const message = error instanceof Error ? error.message : ''
  if (message.startsWith('WRONGTYPE')) {
    return new SessionError(
      'ERR_SESSION_STORE_CORRUPT',
      `a key of the redis store holds something else than a session ('${operation}'); does another application use its prefix?`,
      { cause: plainCause(error) },
    )
  }
  const what = PASSING.test(message)
    ? `cannot serve now (${message.slice(0, message.indexOf(' '))})`
    : 'failed'
  return new SessionError(
    'ERR_SESSION_STORE_UNAVAILABLE',
    `the redis store ${what} in '${operation}'`,
    { cause: plainCause(error), retryable: true },
  )
}

export function closed(): SessionError {
  return new SessionError('ERR_SESSION_STORE_CLOSED', 'the redis store was closed')
}

export function timedOut(operation: string, timeout: number): SessionError {
  return new SessionError(
    'ERR_SESSION_STORE_TIMEOUT',
    `the redis store did not finish '${operation}' within ${timeout} ms`,
    { retryable: true },
  )
}

export function unavailable(message: string): SessionError {
  return new SessionError('ERR_SESSION_STORE_UNAVAILABLE', message, { retryable: true })
}

/** As a replica's own refusal of a write begins, whose message the server made in other words. */
export function replica(): Error {
  return new Error('READONLY the server is a replica: it may not know what has been revoked')
}

/** As the refusal of a write begins, where too few replicas are connected. */
export function alone(): Error {
  return new Error(
    'NOREPLICAS the server has too few replicas: another one may have taken its place',
  )
}

export function corrupt(what: string, cause?: unknown): SessionError {
  const options = cause === undefined ? {} : { cause }
  return new SessionError('ERR_SESSION_STORE_CORRUPT', what, options)
}

export function unsupported(what: string): SessionError {
  return new SessionError('ERR_SESSION_STORE_UNSUPPORTED', what)
}
