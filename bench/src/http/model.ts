import type { Server as NetServer } from 'node:net'
import type { RequestListener } from 'node:http'
import type { DatabaseAddress } from '../databases/model.js'

/** What a server process is told to be. */
export interface ServerInput {
  readonly kind: 'start'
  readonly variant: string
  readonly sessions: number
  readonly folder: string
  readonly key: string
  readonly database: DatabaseAddress | null
}

/** A server ready to listen, and one Cookie header for each of its sessions. */
export interface Server {
  /** What node:http calls with each request, or a server that needs no node:http. */
  readonly listener: RequestListener | NetServer
  readonly cookies: readonly string[]
}

export type StartServer = (input: ServerInput) => Promise<Server>

export interface Started {
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
