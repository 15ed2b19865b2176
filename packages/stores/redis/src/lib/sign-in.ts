import {
  EVICTED,
  isLive,
  type Ending,
  type SessionRecord,
  type SubjectLimit,
} from '@holdfast/core/store'
import type { Deadline } from './deadline.js'
import type { Arg } from './driver.js'
import type { SubjectPlace } from './keys.js'
import { type Entry, packId, readEntries, unpackId } from './place.js'
import { BAR, END, PEEK, RELEASE, RESERVE } from './scripts/all.js'
import { type Server, toText } from './server.js'

/** Milliseconds after which a reservation is good for nothing: a session is written within them or not at all. */
const GOOD_FOR = 10_000
/** Milliseconds after which a place without a session is free again; longer, for clocks of a Cluster that differ. */
const STALE_AFTER = 30_000
/** Milliseconds for which a doom waits for the sign-in that it is for. */
const DOOM_LIFE = 60_000
/** Milliseconds that a place outlasts its session's absolute deadline. */
export const SLACK = 60_000
/** Scripts under way at a time. */
const BATCH = 250

/** A sign-in that wants in. */
export interface Candidate {
  readonly id: string
  readonly subject: string
  readonly epoch: number
  readonly absoluteDeadline: number
  readonly now: number
  readonly limit: SubjectLimit | null
}

/** A place in a subject's index, taken before the session is written. */
export interface Reservation {
  readonly reserved: number
  readonly goodUntil: number
  readonly evicted: readonly string[]
  /** Gives it back, after the session was refused. */
  release(): Promise<void>
}

/**
 * The protocol between a subject's index and its sessions, which lie in different slots of a Cluster: a place is taken
 * first, in one script that knows the barrier and the limit; then those whom it displaces are ended; then the session is
 * written. Each live session thus has a place, and whoever ends a subject's sessions finds them all there; those that have
 * a place and are still on their way are left a doom, and are born ended.
 */
export class SignIns {
  readonly #server: Server

  constructor(server: Server) {
    this.#server = server
  }

  /** Takes a place, and ends who must go for it. */
  async reserve(
    candidate: Candidate,
    deadline: Deadline,
  ): Promise<Reservation | 'ended' | 'limit'> {
    const { id, subject, epoch, absoluteDeadline, now, limit } = candidate
    const place = this.#server.keys.subject(subject)
    const known = limit === null ? [] : await this.#look(candidate, place)
    deadline.check()
    const life = String(Math.max(absoluteDeadline - now, 0) + SLACK)
    const terms = [String(limit?.max ?? ''), limit?.onLimit ?? '']
    const args = [place.field, packId(id), String(epoch), life, ...terms, ...known]
    const { status, parts } = await this.#server.write(RESERVE, place.key, args)
    if (status === 'ended' || status === 'limit') return status
    const [reserved, isNew, count] = parts.slice(0, 3).map(toText)
    const evicted = await this.#displace(parts.slice(3), Number(count), candidate, deadline)
    deadline.check()
    return {
      reserved: Number(reserved),
      goodUntil: Number(reserved) + GOOD_FOR,
      evicted,
      release: async () => {
        if (isNew !== '1') return
        await this.#server.write(RELEASE, place.key, [place.field, packId(id), reserved ?? ''])
      },
    }
  }

  /** Sets the barrier, ends everyone in the index but `except`, and gives how many were live. */
  async endAll(
    subject: string,
    except: string | undefined,
    ending: Ending,
    step: <T>(run: () => Promise<T>) => Promise<T>,
  ): Promise<number> {
    const place = this.#server.keys.subject(subject)
    const reason = { what: 'subject', at: ending.at, reason: ending.reason } as const
    const epochs = await step(() => this.#server.advance(reason))
    const args = [place.field, String(epochs.current)]
    const { parts } = await step(() => this.#server.write(BAR, place.key, args))
    const now = Number(toText(parts[1]))
    const entries = readEntries(toBuffer(parts[0]), place).filter(({ id }) => id !== except)
    let count = 0
    for (let at = 0; at < entries.length; at += BATCH) {
      const batch = entries.slice(at, at + BATCH).map((entry) => {
        const reserved = now - entry.reserved < STALE_AFTER ? String(entry.reserved) : ''
        return this.#end(entry.id, reserved, subject, ending)
      })
      const outcomes = await step(() => Promise.all(batch))
      count += outcomes.filter((outcome) => outcome === 'live').length
    }
    return count
  }

  /** Ids that may be of this subject, in order. */
  async idsOf(subject: string): Promise<readonly string[]> {
    const place = this.#server.keys.subject(subject)
    const [bytes] = await this.#peek(place)
    return readEntries(bytes, place)
      .map(({ id }) => id)
      .toSorted()
  }

  async #peek(place: SubjectPlace): Promise<readonly [Buffer, number]> {
    const reply = await this.#server.read(PEEK, place.key, [place.field])
    const parts: unknown[] = Array.isArray(reply) ? reply : []
    return [toBuffer(parts[0]), Number(toText(parts[1])) * 1000]
  }

  /** What a limit goes by: each session in the index as it stands, oldest or longest idle first. */
  async #look({ subject, now, limit }: Candidate, place: SubjectPlace): Promise<readonly Arg[]> {
    const [bytes, time] = await this.#peek(place)
    const entries = readEntries(bytes, place)
    if (entries.length === 0) return []
    const records = await this.#server.findAll(entries.map(({ id }) => id))
    const facts = entries.map((entry, n) => {
      const record = records[n] ?? null
      return { entry, record, state: stateOf(entry, record, subject, now, time) }
    })
    const age = (record: SessionRecord | Error | null): number => {
      if (record === null || record instanceof Error) return Infinity
      return limit?.onLimit === 'evict-idle' ? record.lastSeenAt : record.createdAt
    }
    return facts
      .toSorted(
        (a, b) => compare(age(a.record), age(b.record)) || (a.entry.id < b.entry.id ? -1 : 1),
      )
      .flatMap(({ entry, state }) => [packId(entry.id), String(entry.reserved), state])
  }

  /** Ends all of `pairs`, of whom the first `count` go for this sign-in; gives those that it ended. */
  async #displace(
    pairs: readonly unknown[],
    count: number,
    { subject, now }: Candidate,
    deadline: Deadline,
  ): Promise<readonly string[]> {
    const ending = { at: now, reason: EVICTED }
    const evicted: string[] = []
    for (let at = 0; at < pairs.length; at += 2 * BATCH) {
      deadline.check()
      const batch = pairs.slice(at, at + 2 * BATCH)
      const ends = batch.map(async (packed, n) => {
        if (n % 2 === 1) return
        const id = unpackId(toBuffer(packed))
        const outcome = await this.#end(id, toText(batch[n + 1]), subject, ending)
        if (outcome !== 'none' && at + n < 2 * count) evicted.push(id)
      })
      await Promise.all(ends)
    }
    return evicted
  }

  async #end(
    id: string,
    reserved: string,
    subject: string,
    ending: Ending,
  ): Promise<'live' | 'doomed' | 'none'> {
    const { channel } = this.#server.keys
    const about = [id, String(ending.at), ending.reason, channel, String(SLACK)]
    const args = [...about, subject, reserved, String(DOOM_LIFE)]
    const { status, parts } = await this.#server.session(END, id, args).catch(ignoreDamaged)
    if (status === 'doomed') return 'doomed'
    return status === 'ended' && toText(parts[0]) === '1' ? 'live' : 'none'
  }
}

/** What cannot be read admits nobody: it must not keep the others from being ended. */
function ignoreDamaged(error: unknown): { readonly status: string; readonly parts: [] } {
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (code === 'ERR_SESSION_STORE_CORRUPT') return { status: 'none', parts: [] }
  throw error
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a - b
}

function stateOf(
  { reserved }: Entry,
  record: SessionRecord | Error | null,
  subject: string,
  now: number,
  time: number,
): 'live' | 'dead' | 'pending' | 'stale' {
  if (record instanceof Error) return 'dead'
  if (record !== null && record.subject === subject) return isLive(record, now) ? 'live' : 'dead'
  if (time - reserved >= STALE_AFTER) return 'stale'
  return record === null || isLive(record, now) ? 'pending' : 'dead'
}

function toBuffer(value: unknown): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0)
}
