import { isLive, type Found, type SessionRecord } from '@holdfast/core/store'
import type { Deadline } from './deadline.js'
import type { SubjectPlace } from './keys.js'
import { type Entry, readEntries } from './place.js'
import { PEEK } from './scripts/all.js'
import { type Server, toText } from './server.js'

/** Milliseconds after which a place without a session is free again; longer, for clocks of a Cluster that differ. */
export const STALE_AFTER = 30_000
/** Milliseconds after which an ending counts as one for good: a failover, or a crash, may forget one that is younger. */
const LASTS_AFTER = 60_000
/** Sessions read, or ended, at a time. */
export const BATCH = 250

/** Places of a subject, at an instant of the server that keeps them. */
export interface Places {
  readonly entries: readonly Entry[]
  readonly time: number
}

/** What became of the session of a place. */
export interface Look {
  readonly entry: Entry
  /** Null where there is none, or none that can be read. */
  readonly record: SessionRecord | null
  readonly state: 'live' | 'dead' | 'pending' | 'stale'
}

/** Where a subject's sessions are found, and what is known of them there. */
export class SubjectIndex {
  readonly #server: Server

  constructor(server: Server) {
    this.#server = server
  }

  /** Every place of a subject. */
  async read(place: SubjectPlace): Promise<Places> {
    const reply = await this.#server.read(PEEK, [place.key, place.older], [place.field])
    const [bytes, older, time]: unknown[] = Array.isArray(reply) ? reply : []
    return {
      entries: readEntries(toBuffer(bytes), toBuffers(older), place),
      time: Number(toText(time)),
    }
  }

  /**
   * Looks at the sessions of these places. Older places of those that have ended for good are dropped in passing: nobody who
   * ends, counts or lists the subject's live sessions needs them. Throws where a session cannot be asked for.
   */
  async review(
    place: SubjectPlace,
    { entries, time }: Places,
    { subject, now }: { readonly subject: string; readonly now: number },
    deadline: Deadline,
  ): Promise<readonly Look[]> {
    const looks: Look[] = []
    for (let at = 0; at < entries.length; at += BATCH) {
      deadline.check()
      const batch = entries.slice(at, at + BATCH)
      const found = await this.#server.findAll(batch.map(({ id }) => id))
      const seen = batch.map((entry, n) => lookAt(entry, found[n] ?? null, subject, now, time))
      const over = seen.filter(
        ({ record, state }) => state === 'stale' || isOver(record, subject, now),
      )
      await this.drop(
        place,
        over.map(({ entry }) => entry),
      )
      looks.push(...seen)
    }
    return looks
  }

  /** Drops the older ones of these places. Those that stay, because that fails, harm nobody: another time. */
  async drop({ older }: SubjectPlace, entries: readonly Entry[]): Promise<void> {
    const members = entries.flatMap((entry) => entry.older ?? [])
    if (members.length > 0) await this.#server.forget(older, members).catch(() => undefined)
  }
}

function lookAt(entry: Entry, found: Found, subject: string, now: number, time: number): Look {
  if (!(found instanceof Error))
    return { entry, record: found, state: stateOf(entry, found, subject, now, time) }
  // What is damaged admits nobody. What only cannot be read now, or by this version, may be live.
  if (!isDamage(found)) throw found
  return { entry, record: null, state: 'dead' }
}

function stateOf(
  { reserved }: Entry,
  record: SessionRecord | null,
  subject: string,
  now: number,
  time: number,
): Look['state'] {
  if (record !== null && record.subject === subject) return isLive(record, now) ? 'live' : 'dead'
  if (time - reserved >= STALE_AFTER) return 'stale'
  return record === null || isLive(record, now) ? 'pending' : 'dead'
}

/** For good: one that has only expired may yet be live by another process' clock. */
function isOver(record: SessionRecord | null, subject: string, now: number): boolean {
  return record !== null && record.subject === subject && isLasting(record.revokedAt, now)
}

/** Whether what ended then is still ended after whatever may happen to its server now. */
export function isLasting(endedAt: number | null, now: number): boolean {
  return endedAt !== null && endedAt <= now - LASTS_AFTER
}

/** Whether it says that something stored is damaged, or another application's. */
export function isDamage(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SESSION_STORE_CORRUPT'
}

export function toBuffer(value: unknown): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0)
}

export function toBuffers(value: unknown): readonly Buffer[] {
  return Array.isArray(value) ? value.map(toBuffer) : []
}
