import type { Server as NetServer } from 'node:net'
import type { RequestListener } from 'node:http'
import type { Database, DatabaseAddress } from '../databases/model.js'
import type { Figures, Scale } from '../model.js'
import type { HttpRow } from './rows.js'

/** What a server process is told to be. */
export interface ServerInput {
  readonly kind: 'start'
  readonly variant: string
  readonly sessions: number
  readonly folder: string
  readonly key: string
  readonly database: DatabaseAddress | null
  /** The unix socket to listen on; without one, a port of loopback. */
  readonly socket?: string
}

/** A server ready to listen, and one Cookie header for each of its sessions. */
export interface Server {
  /** What node:http calls with each request, or a server that needs no node:http. */
  readonly listener: RequestListener | NetServer
  readonly cookies: readonly string[]
}

export type StartServer = (input: ServerInput) => Promise<Server>

export interface Started {
  /** 0 for a unix socket. */
  readonly port: number
  readonly cookies: readonly string[]
}

/** What the load generator saw. */
export interface Load {
  readonly requests: number
  readonly seconds: number
  readonly p50: number
  readonly p99: number
  readonly errors: number
}

/** What a row's server is started with. */
export interface Serving {
  readonly row: HttpRow
  /** Path of the Node that runs it. */
  readonly node: string
  readonly folder: string
  readonly scale: Scale
  readonly key: string
  /** Whether server and load generator have a core each. */
  readonly pinned: boolean
}

/** A server that answers, in processes of its own. */
export interface Served {
  readonly port: number
  readonly cookies: readonly string[]
  readonly database: Database | null
  /** Microseconds of CPU time so far, by the keys of figures. */
  readonly cpu: () => Promise<Figures>
  readonly stop: () => Promise<void>
}
