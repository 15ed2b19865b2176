import type { Expiry } from './expiry.js'

/** Parameters and results are texts: what a client makes of other types is its user's to set. */
export type Value = string | null
export type Row = readonly unknown[]

export interface Statement {
  /** Tells prepared statements apart; the same for the same text. */
  readonly name: string
  readonly text: string
}

/** What a listening connection reports. */
export interface EarEvents {
  /** A notice came in. */
  readonly heard: (payload: string) => void
  /** The connection is gone, or was made anew by the client, and notices may have been missed. */
  readonly lost: () => void
}

/** A connection that listens. */
export interface Ear {
  /** Runs a statement of one row on it, or on another connection if the client cannot. */
  run(statement: Statement, values: readonly Value[]): Promise<readonly Row[]>
  /** Ends what {@link Driver.listen} opened, as far as the client can. */
  close(): void
}

export type Query = (text: string) => Promise<readonly Row[]>

/** What the store needs of a client: the smallest that `pg` and postgres.js both are. */
export interface Driver {
  /** Runs one statement on any connection; nothing is sent once the call is over. */
  run(statement: Statement, values: readonly Value[], expiry: Expiry): Promise<readonly Row[]>
  /** Runs statements without parameters in one transaction. */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>
  /** Listens on a connection of its own; resolves once it does, and rejects after two seconds at the latest. */
  listen(channel: string, events: EarEvents): Promise<Ear>
  /** Lets go of the client, which is its user's to end. */
  release(): void
}
