import { ADMIN_ROUTES as routes } from '@holdfast/protocol'
import type { DaemonAddress } from './address.js'
import { type Answer, Connection, type ConnectOptions } from './connection.js'
import { readEvents } from './events.js'
import { listSessions, type SessionInfo } from './sessions.js'

export type KeyList = Answer<typeof routes.keys>
export type DaemonStatus = Answer<typeof routes.status>

/** What to end. */
export type RevokeTarget =
  | { readonly session: string }
  | { readonly subject: string; readonly except?: string }
  | { readonly everyone: true }

/** One event; its fields are those of the daemon's audit log. */
export type DaemonEvent = Readonly<Record<string, unknown>> & { readonly type: string }

/** The daemon, for administrators. */
export interface AdminClient {
  /** The sessions of a subject; with `ended` also those whose tombstones are kept. */
  list(subject: string, options?: { readonly ended?: boolean }): AsyncGenerator<SessionInfo>
  /** One session; null if there is none. */
  show(id: string): Promise<SessionInfo | null>
  /** Ends sessions and gives how many were live; null for everyone, who are not counted. Durable when it resolves, where the store is. */
  revoke(target: RevokeTarget, reason?: string): Promise<number | null>
  keys(): Promise<KeyList>
  rotateKeys(): Promise<KeyList>
  retireKey(id: string): Promise<KeyList>
  /** The limits in force, as text. */
  policy(): Promise<string>
  status(): Promise<DaemonStatus>
  reload(): Promise<DaemonStatus>
  /**
   * What happens from now on, until the signal: then it throws the signal's reason. It ends when the daemon stops, and throws
   * `DaemonError` where the connection breaks; what happened until the next call is in the audit log alone. Who reads too slowly is
   * told how much was left out, by an event of the type `lost` with its `count`.
   */
  events(options?: {
    readonly type?: string
    readonly signal?: AbortSignal
  }): AsyncGenerator<DaemonEvent>
  close(): Promise<void>
}

/** A reload and a new key wait for every worker. */
const PATIENCE = 10_000

/** Connects at the first request. `timeout` is 10,000 by default: some answers wait for every worker. */
export function connectAdmin(address: DaemonAddress, options: ConnectOptions = {}): AdminClient {
  const connection = new Connection(address, { timeout: PATIENCE, ...options })
  return {
    list: (subject, which) => listSessions(connection, routes.list, subject, which),
    show: (id) => show(connection, id),
    async revoke(target, reason) {
      const body = reason === undefined ? target : { ...target, reason }
      return (await connection.ask(routes.revoke, { body })).answer.count
    },
    keys: async () => (await connection.ask(routes.keys)).answer,
    rotateKeys: async () => (await connection.ask(routes.rotateKeys)).answer,
    retireKey: async (id) => (await connection.ask(routes.retireKey, { body: { id } })).answer,
    policy: async () => (await connection.ask(routes.policy)).answer.text,
    status: async () => (await connection.ask(routes.status)).answer,
    reload: async () => (await connection.ask(routes.reload)).answer,
    async *events({ type, signal = new AbortController().signal } = {}) {
      const query = type === undefined ? {} : { type }
      yield* readEvents(connection.stream(routes.events, query, signal))
    },
    close: () => connection.close(),
  }
}

async function show(connection: Connection, id: string): Promise<SessionInfo | null> {
  try {
    return (await connection.ask(routes.show, { params: { id } })).answer
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'status' in error && error.status === 404
}
