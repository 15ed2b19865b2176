import type { ClientFacts } from './client.js'
import type { Engine } from './engine.js'
import type { SessionError } from './errors.js'
import { limitError } from './failures.js'
import type { SessionRecord } from './record.js'

/** Whose events these are. */
interface Source {
  readonly engine: Engine
  readonly client: ClientFacts
  readonly record: SessionRecord | null
}

export function created({ engine, client }: Source, { id, subject }: SessionRecord): void {
  engine.events.emit('session_created', { sessionId: id, subject }, client)
}

export function renewed({ engine, client }: Source, { id, subject }: SessionRecord): void {
  engine.events.emit('session_renewed', { sessionId: id, subject }, client)
}

/** This session, or the other sessions of its subject, were ended. */
export function revoked(
  { engine, client, record }: Source,
  target: 'session' | 'subject',
  reason: string,
  count: number | null,
): void {
  const sessionId = target === 'session' ? (record?.id ?? null) : null
  const about = { sessionId, subject: record?.subject ?? null, target, reason, count }
  engine.events.emit('session_revoked', about, client)
}

export function writeRefused({ engine, client }: Source, { id, subject }: SessionRecord): void {
  engine.events.emit('session_write_refused', { sessionId: id, subject }, client)
}

export function csrfRefused({ engine, client, record }: Source): void {
  const about = { sessionId: record?.id ?? null, subject: record?.subject ?? null }
  engine.events.emit('csrf_refused', { ...about, reason: 'csrf_token' }, client)
}

/** A sign-in, and the sessions that were ended to make room for it. */
export function signedIn(
  { engine, client, record }: Source,
  subject: string,
  again: boolean,
  evicted: readonly string[],
): void {
  const { events, cache } = engine
  events.emit('session_authenticated', { sessionId: record?.id ?? '', subject, again }, client)
  if (evicted.length === 0) return
  for (const id of evicted) cache.changed(id)
  events.emit(
    'excess_sessions_exceeded',
    { subject, outcome: 'evicted', sessionIds: evicted },
    client,
  )
}

/** A sign-in that the limit refuses; the error is for the caller to throw. */
export function overLimit({ engine, client }: Source, subject: string): SessionError {
  engine.events.emit(
    'excess_sessions_exceeded',
    { subject, outcome: 'rejected', sessionIds: [] },
    client,
  )
  return limitError()
}
