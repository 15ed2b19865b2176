import type { SessionRecord } from '@holdfast/core/store'

/** Marks a user agent that is written as its number. Records hold no control characters of their own. */
const MARK = '\u0001'
const MAX_KNOWN = 4096

/**
 * Keeps each user agent once: a million sessions have perhaps a thousand of them, and each is as long as all the rest of a
 * record. The first 4,096 are numbered; later ones stay in their records.
 */
export class UserAgents {
  readonly #known: string[] = []
  readonly #numbers = new Map<string, number>()

  /** The record with its user agent as a number. */
  shorten(record: SessionRecord): SessionRecord {
    const userAgent = record.client?.userAgent ?? null
    if (record.client === null || userAgent === null) return record
    const number = this.#numberOf(userAgent)
    if (number === null && !userAgent.startsWith(MARK)) return record
    const written = number === null ? MARK + userAgent : `${MARK}#${number}`
    return { ...record, client: { ...record.client, userAgent: written } }
  }

  /** The record as it was before {@link UserAgents.shorten}. */
  restore(record: SessionRecord): SessionRecord {
    const written = record.client?.userAgent ?? null
    if (record.client === null || written === null || !written.startsWith(MARK)) return record
    const rest = written.slice(MARK.length)
    const userAgent = rest.startsWith('#') ? (this.#known[Number(rest.slice(1))] ?? null) : rest
    return { ...record, client: { ...record.client, userAgent } }
  }

  #numberOf(userAgent: string): number | null {
    const number = this.#numbers.get(userAgent)
    if (number !== undefined) return number
    // One that begins like a mark is left alone, and marked.
    if (this.#known.length === MAX_KNOWN || userAgent.startsWith(MARK)) return null
    this.#numbers.set(userAgent, this.#known.length)
    return this.#known.push(userAgent) - 1
  }
}
