import type { SessionError } from '@holdfast/core'
import type { Row } from './driver.js'
import { isolationProblem, missingSchema, standbyError, unsupported } from './failures.js'
import { LATEST } from './migrations/list.js'
import type { Settings } from './options.js'

/** The oldest PostgreSQL whose features are used. */
const OLDEST = 130_000

/** What a server was found to be. */
export interface ServerCheck {
  /** Why it would forget an acknowledged revocation in a crash, in words; null if it would not. */
  readonly forgetful: string | null
}

/** Reads the answer to the statement `check`. Errors: `ERR_SESSION_STORE_UNSUPPORTED` for a server that is not fit. */
export function readCheck(row: Row | undefined, settings: Settings): ServerCheck {
  const [version, standby, fsync, pageWrites, encoding, isolation, server] = (row ?? []).map(String)
  const { schema } = settings
  if (Number(server) < OLDEST) throw unsupported('the store needs PostgreSQL 13 or newer')
  if (standby === 'true') throw standbyError()
  if (version === 'null' || Number(version) < LATEST) throw missingSchema(schema)
  if (Number(version) > LATEST) throw newerSchema(schema, Number(version))
  if (encoding !== 'UTF8')
    throw unsupported(`the database's encoding is ${encoding}; the store needs UTF8`)
  if (isolation !== 'read committed') throw unsupported(isolationProblem)
  const forgetful = forgetfulness(fsync, pageWrites)
  if (forgetful !== null && !settings.allowForgetful) {
    throw unsupported(
      `${forgetful}. Turn it on, or pass allowForgetful: true where that does not matter`,
    )
  }
  return { forgetful }
}

/** The schema was made by a newer version of Holdfast. */
export function newerSchema(schema: string, version: number): SessionError {
  return unsupported(
    `schema ${schema} is of version ${version}; this version of Holdfast knows up to ${LATEST}. Upgrade @holdfast/postgres`,
  )
}

function forgetfulness(fsync: string | undefined, pageWrites: string | undefined): string | null {
  if (fsync !== 'on')
    return 'PostgreSQL runs with fsync = off: a crash of the machine brings revoked sessions back'
  if (pageWrites !== 'on')
    return 'PostgreSQL runs with full_page_writes = off: a crash of the machine may damage sessions'
  return null
}
