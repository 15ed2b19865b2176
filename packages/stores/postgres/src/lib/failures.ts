import { SessionError, type SessionErrorCode } from '@holdfast/core'

/** SQLSTATEs (PostgreSQL, appendix A) that mean: the tables or functions are not there, or not those of this version. */
const NO_SCHEMA = new Set(['42P01', '3F000', '42883', '42703', '42804'])
const TIMEOUTS = new Set(['55P03', '57014'])
const POOLER = new Set(['26000', '42P05', '08P01'])
const DAMAGE = new Set(['XX001', 'XX002', 'P0002'])
const ISOLATION = 'HF001'

/** Any error of a client as a `SessionError` that says what to do, without the values that the client may quote. */
export function storeFailure(error: unknown, schema: string): SessionError {
  if (error instanceof SessionError) return error
  const code = codeOf(error)
  const cause = harmless(error, code)
  if (NO_SCHEMA.has(code)) return missingSchema(schema, cause)
  if (TIMEOUTS.has(code))
    return failure('ERR_SESSION_STORE_TIMEOUT', 'PostgreSQL gave up waiting for a lock', cause)
  if (DAMAGE.has(code))
    return failure('ERR_SESSION_STORE_CORRUPT', `the tables of schema ${schema} are damaged`, cause)
  if (code === ISOLATION) return unsupported(isolationProblem, cause)
  return failure('ERR_SESSION_STORE_UNAVAILABLE', describe(code, schema), cause)
}

function describe(code: string, schema: string): string {
  if (POOLER.has(code))
    return 'PostgreSQL does not know a prepared statement; behind a connection pooler pass prepare: false'
  if (code === '25006') return standbyProblem
  if (code === '42501')
    return `PostgreSQL refuses access to schema ${schema}; grant its tables and functions to this role`
  if (code.startsWith('28')) return 'PostgreSQL refuses the user or the password'
  if (code.startsWith('53')) return 'PostgreSQL is out of connections, memory or disk'
  return 'PostgreSQL cannot be used now'
}

const standbyProblem =
  'PostgreSQL is a standby or read-only: it may not know what has been revoked. Connect to the primary'

export const isolationProblem =
  "PostgreSQL's default_transaction_isolation is not 'read committed', which the store needs. Set it for this role or database"

/** The server that answered is not the primary. */
export function standbyError(): SessionError {
  return new SessionError('ERR_SESSION_STORE_UNAVAILABLE', standbyProblem, { retryable: true })
}

/** The one row is missing without which nothing can be told apart from what was revoked. */
export function countersGone(schema: string): SessionError {
  const message = `the row of ${schema}.epochs is gone, and with it who was revoked. Restore the schema from a backup, or make a new one`
  return new SessionError('ERR_SESSION_STORE_CORRUPT', message)
}

/** The tables have not been made, or only some of them. */
export function missingSchema(schema: string, cause?: unknown): SessionError {
  const option = schema === 'holdfast' ? '' : ` --schema ${schema}`
  return unsupported(
    `schema ${schema} of the database holds no tables of this version of Holdfast. Run: npx holdfast migrate postgres://…${option}`,
    cause,
  )
}

export function unsupported(message: string, cause?: unknown): SessionError {
  return new SessionError(
    'ERR_SESSION_STORE_UNSUPPORTED',
    message,
    cause === undefined ? {} : { cause },
  )
}

export function closedError(): SessionError {
  return new SessionError('ERR_SESSION_STORE_CLOSED', 'the postgres store was closed')
}

/** Says that a list of sessions is short of one. */
export function warnOfDamage(what: string): void {
  process.emitWarning(`postgres: left out of a list of sessions: ${what}`, {
    type: 'HoldfastWarning',
    code: 'HOLDFAST_DAMAGED_SESSION',
  })
}

function failure(code: SessionErrorCode, message: string, cause: Error): SessionError {
  const retryable = code !== 'ERR_SESSION_STORE_CORRUPT'
  return new SessionError(code, `${message} (${cause.message})`, { cause, retryable })
}

/** What went wrong, with neither statement nor values: a client's own error may carry both. */
function harmless(error: unknown, code: string): Error {
  const message = error instanceof Error ? error.message : String(error)
  // Messages of data exceptions (class 22) and of broken constraints (23) quote what they are about.
  const text = /^2[23]/.test(code) ? `SQLSTATE ${code}` : message || code
  return Object.assign(new Error(text), { code })
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return ''
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}
