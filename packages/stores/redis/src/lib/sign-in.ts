import { EVICTED, type Ending, type SubjectLimit } from '@holdfast/core/store'
import type { Deadline } from './deadline.js'
import type { Arg } from './driver.js'
import { storeFailure } from './errors.js'
import type { SubjectPlace } from './keys.js'
import { type Entry, packId, readEntries, unpackId } from './place.js'
import { BAR, END, RELEASE, RESERVE } from './scripts/all.js'
import { type Server, toText } from './server.js'
import {
  BATCH,
  isDamage,
  isLasting,
  type Look,
  STALE_AFTER,
  SubjectIndex,
  toBuffer,
  toBuffers,
} from './subject-index.js'

/** Milliseconds after which a reservation is good for nothing: a session is written within them or not at all. */
const GOOD_FOR = 10_000
/** Milliseconds for which a doom waits for the sign-in that it is for. */
const DOOM_LIFE = 60_000
/** Milliseconds that a place outlasts its session's absolute deadline. */
export const SLACK = 60_000

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

/** What ending a session came to, and when it had ended where it had: 0 where there was none. */
interface Ended {
  readonly outcome: 'live' | 'doomed' | 'none'
  readonly since: number | null
}

/**
 * The protocol between a subject's index and its sessions, which lie in different slots of a Cluster: a place is taken
 * first, in one script that knows the barrier and the limit; then those whom it displaces are ended; then the session is
 * written. Each live session thus has a place, and whoever ends a subject's sessions finds them all there; those that have
 * a place and are still on their way are left a doom, and are born ended.
 */
export class SignIns {
  readonly #server: Server
  readonly #index: SubjectIndex

  constructor(server: Server) {
    this.#server = server
    this.#index = new SubjectIndex(server)
  }

  /** Takes a place, and ends who must go for it. */
  async reserve(
    candidate: Candidate,
    deadline: Deadline,
  ): Promise<Reservation | 'ended' | 'limit'> {
    const { id, subject, epoch, absoluteDeadline, now, limit } = candidate
    const place = this.#server.keys.subject(subject)
    const known = limit === null ? [] : await this.#look(candidate, place, deadline)
    deadline.check()
    const life = String(Math.max(absoluteDeadline - now, 0) + SLACK)
    const terms = [String(limit?.max ?? ''), limit?.onLimit ?? '']
    const args = [place.field, packId(id), String(epoch), life, ...terms, ...known]
    const keys = [place.key, place.older] as const
    const { status, parts } = await this.#server.write(RESERVE, keys, args)
    if (status === 'ended' || status === 'limit') return status
    const [reserved, isNew, count] = parts.slice(0, 3).map(toText)
    const [displaced, some] = [toBuffers(parts[3]), toBuffers(parts[4])]
    const [evicted] = await Promise.all([
      this.#displace(displaced, Number(count), candidate, deadline),
      this.#review(some, Number(reserved), candidate, place, deadline),
    ])
    deadline.check()
    return {
      reserved: Number(reserved),
      goodUntil: Number(reserved) + GOOD_FOR,
      evicted,
      release: async () => {
        if (isNew !== '1') return
        await this.#server.write(RELEASE, keys, [place.field, packId(id), reserved ?? ''])
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
    const { parts } = await step(() => this.#server.write(BAR, [place.key, place.older], args))
    const now = Number(toText(parts[2]))
    const all = readEntries(toBuffer(parts[0]), toBuffers(parts[1]), place)
    const entries = all.filter(({ id }) => id !== except)
    let count = 0
    for (let at = 0; at < entries.length; at += BATCH) {
      const batch = entries.slice(at, at + BATCH)
      const ends = batch.map(({ id, reserved }) => {
        const isFresh = now - reserved < STALE_AFTER
        return this.#end(id, isFresh ? String(reserved) : '', subject, ending)
      })
      const outcomes = await step(() => Promise.all(ends))
      count += outcomes.filter(({ outcome }) => outcome === 'live').length
      const over = batch.filter((_, n) => isLasting(outcomes[n]?.since ?? null, ending.at))
      await step(() => this.#index.drop(place, over)).catch(() => undefined)
    }
    return count
  }

  /** Ids that may be of this subject, in order. */
  async idsOf(subject: string): Promise<readonly string[]> {
    const { entries } = await this.#index.read(this.#server.keys.subject(subject))
    return entries.map(({ id }) => id).toSorted()
  }

  /** What a limit goes by: each session in the index as it stands, oldest or longest idle first. */
  async #look(
    candidate: Candidate,
    place: SubjectPlace,
    deadline: Deadline,
  ): Promise<readonly Arg[]> {
    const places = await this.#index.read(place)
    const looks = await this.#index.review(place, places, candidate, deadline)
    const age = ({ record }: Look): number => {
      if (record === null) return Infinity
      return candidate.limit?.onLimit === 'evict-idle' ? record.lastSeenAt : record.createdAt
    }
    return looks
      .toSorted((a, b) => compare(age(a), age(b)) || (a.entry.id < b.entry.id ? -1 : 1))
      .flatMap(({ entry, state }) => [packId(entry.id), String(entry.reserved), state])
  }

  /** Looks whether some of the older places are needed any more; whoever cannot leaves it to the next one. */
  async #review(
    some: readonly Buffer[],
    time: number,
    candidate: Candidate,
    place: SubjectPlace,
    deadline: Deadline,
  ): Promise<void> {
    if (some.length === 0) return
    const entries: readonly Entry[] = readEntries(Buffer.alloc(0), some, place)
    const places = { entries, time }
    await this.#index.review(place, places, candidate, deadline).catch(() => undefined)
  }

  /** Ends all of `pairs`, of whom the first `count` go for this sign-in; gives those that it ended. */
  async #displace(
    pairs: readonly Buffer[],
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
        const id = unpackId(packed)
        const { outcome } = await this.#end(id, toText(batch[n + 1]), subject, ending)
        if ((outcome === 'live' || outcome === 'doomed') && at + n < 2 * count) evicted.push(id)
      })
      await Promise.all(ends)
    }
    return evicted
  }

  async #end(id: string, reserved: string, subject: string, ending: Ending): Promise<Ended> {
    const { channel } = this.#server.keys
    const about = [id, String(ending.at), ending.reason, channel, String(SLACK)]
    const args = [...about, subject, reserved, String(DOOM_LIFE)]
    const { status, parts } = await this.#server.session(END, id, args).catch(ignoreDamaged)
    const [told = ''] = parts.map(toText)
    if (status === 'doomed') return { outcome: status, since: null }
    if (status === 'ended') return { outcome: told === '1' ? 'live' : 'none', since: null }
    return { outcome: 'none', since: told === '' ? null : Number(told) }
  }
}

/** What cannot be read, or is another application's, admits nobody: it must not keep the others from being ended. */
function ignoreDamaged(error: unknown): { readonly status: string; readonly parts: [] } {
  const failure = storeFailure(error, 'revoke')
  if (isDamage(failure)) return { status: 'none', parts: [] }
  throw failure
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a - b
}
