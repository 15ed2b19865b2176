import { SESSIONS } from './001-sessions.js'

/** One step from a version of the schema to the next. */
export interface Migration {
  readonly version: number
  readonly name: string
  /** `{schema}`, `{name}` and `{channel}` are filled in. */
  readonly sql: string
}

/** In order, without gaps. */
export const MIGRATIONS: readonly Migration[] = [{ version: 1, name: 'sessions', sql: SESSIONS }]

/** The version that this code works with. */
export const LATEST: number = MIGRATIONS.length
