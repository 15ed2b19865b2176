export type DatabaseName = 'redis' | 'cluster' | 'postgres'

/** Where a database is, for processes of the bench. */
export interface DatabaseAddress {
  readonly name: DatabaseName
  /** Path of its socket, for PostgreSQL of the socket's folder. */
  readonly socket: string
  /** Of all servers of a Cluster. */
  readonly ports: readonly number[]
}

/** A database server of the bench's own. */
export interface Database {
  readonly address: DatabaseAddress
  /** Commands that it has performed so far, by its own count; null where it does not tell at once. */
  commands(): Promise<number | null>
  stop(): Promise<void>
}

export interface DatabaseOptions {
  readonly program: string
  /** A folder of its own, empty. */
  readonly folder: string
  readonly core: number | null
  /** Whether each write is on the disk before it is acknowledged. */
  readonly durable: boolean
}
