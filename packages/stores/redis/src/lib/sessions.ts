import {
  applyChange,
  isSessionId,
  purgeAt,
  type Admission,
  type Ending,
  type InsertResult,
  type RecordChange,
  type SessionRecord,
  type UpdateResult,
} from '@holdfast/core/store'
import { changeArgs } from './change-args.js'
import { decodeRecord, encodeRecord } from './codec.js'
import type { Deadline } from './deadline.js'
import { withEpochs } from './epochs.js'
import { corrupt, unavailable } from './errors.js'
import { END, INSERT, UPDATE } from './scripts/all.js'
import { type Answer, type Server, toText } from './server.js'
import { type Reservation, type SignIns, SLACK } from './sign-in.js'

/** Changes of one session: one script each, after a place in the subject's index where a subject comes in. */
export class Sessions {
  readonly #server: Server
  readonly #signIns: SignIns

  constructor(server: Server, signIns: SignIns) {
    this.#server = server
    this.#signIns = signIns
  }

  async insert(
    record: SessionRecord,
    { now, limit }: Admission,
    deadline: Deadline,
  ): Promise<InsertResult> {
    const { id, subject, epoch, absoluteDeadline } = record
    if (!isSessionId(id)) throw new TypeError('a record must have a session id')
    let place: Reservation | null = null
    if (subject !== null) {
      if (limit !== null) {
        // Others may be evicted for it, so it must first be known to be let in otherwise.
        if (epoch < (await this.#server.epochs()).everyone) return { status: 'ended' }
        if ((await this.#server.find(id)) !== null) return { status: 'exists' }
      }
      const candidate = { id, subject, epoch, absoluteDeadline, now, limit }
      const outcome = await this.#signIns.reserve(candidate, deadline)
      if (outcome === 'ended' || outcome === 'limit') return { status: outcome }
      place = outcome
    }
    const { keys } = this.#server
    const life = Math.max(purgeAt(record) - now, 0) + SLACK
    const answer = await this.#server.session(INSERT, id, [
      encodeRecord(record, keys.session(id)),
      id,
      String(epoch),
      subject ?? '',
      String(now),
      String(life),
      keys.channel,
      String(SLACK),
      String(place?.reserved ?? ''),
      String(place?.goodUntil ?? ''),
    ])
    if (answer.status === 'inserted') return { status: 'inserted', evicted: place?.evicted ?? [] }
    await place?.release()
    if (answer.status === 'exists' || answer.status === 'ended') return { status: answer.status }
    throw unexpected(answer)
  }

  async update(id: string, change: RecordChange, deadline: Deadline): Promise<UpdateResult> {
    if (change.authenticate === undefined) return this.#change(id, change, null)
    return this.#signIn(id, { ...change, authenticate: change.authenticate }, deadline)
  }

  /** 1 if it was live. */
  async revoke(id: string, { at, reason }: Ending): Promise<number> {
    if (!isSessionId(id)) return 0
    const about = [id, String(at), reason, this.#server.keys.channel, String(SLACK)]
    const { status, parts } = await this.#server.session(END, id, [...about, '', '', ''])
    return status === 'ended' && toText(parts[0]) === '1' ? 1 : 0
  }

  /** A place in the index is only taken, and others only evicted, where the change would otherwise apply. */
  async #signIn(
    id: string,
    change: RecordChange & Required<Pick<RecordChange, 'authenticate'>>,
    deadline: Deadline,
  ): Promise<UpdateResult> {
    const { authenticate, now } = change
    const { subject, epoch, absoluteDeadline, limit } = authenticate
    const record = await this.#server.find(id)
    if (record === null) return { status: 'missing' }
    const outcome = applyChange(record, change)
    if (outcome.status === 'too_large') return outcome
    if (outcome.status !== 'updated') return { status: outcome.status, record }
    deadline.check()
    if (record.subject !== null) return this.#change(id, change, null)
    if (epoch < (await this.#server.epochs()).everyone) return { status: 'ended', record }
    const candidate = { id, subject, epoch, absoluteDeadline, now, limit }
    const place = await this.#signIns.reserve(candidate, deadline)
    if (place === 'ended') return { status: 'ended', record }
    if (place === 'limit') return { status: 'limit' }
    const result = await this.#change(id, change, place)
    if (result.status !== 'updated') await place.release()
    return result
  }

  async #change(
    id: string,
    change: RecordChange,
    place: Reservation | null,
  ): Promise<UpdateResult> {
    const args = changeArgs(change, this.#server.keys.channel, SLACK, place)
    const answer = await this.#server.session(UPDATE, id, [id, ...args])
    const [value] = answer.parts
    switch (answer.status) {
      case 'updated':
        return { status: 'updated', record: this.#decode(value, id), evicted: place?.evicted ?? [] }
      case 'conflict':
      case 'ended': {
        const record = withEpochs(this.#decode(value, id), await this.#server.epochs())
        return { status: answer.status, record }
      }
      case 'missing':
        return { status: 'missing' }
      case 'too_large':
        return { status: 'too_large', bytes: Number(toText(value)) }
      default:
        throw unexpected(answer)
    }
  }

  #decode(value: unknown, id: string): SessionRecord {
    const key = this.#server.keys.session(id)
    const record = Buffer.isBuffer(value) ? decodeRecord(value, key, id) : null
    if (record === null) throw corrupt(`a script answered without the record of session ${id}`)
    return record
  }
}

/** The reservation was too old when the session was to be written: nothing was. */
function unexpected({ status }: Answer): Error {
  return status === 'late'
    ? unavailable(
        'the sign-in took longer than its place in the index is kept; nothing was written',
      )
    : corrupt(`a script answered '${status}'`)
}
