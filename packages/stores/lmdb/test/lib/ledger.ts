import type { SessionRecord, SessionStore } from '@holdfast/core/store'
import { newRecord } from '@holdfast/conformance/records'

interface Entry {
  readonly subject: string
  count: number
  ended: boolean
}

/** What has been acknowledged, as told line by line by `victim.ts`. */
export class Ledger {
  readonly #entries = new Map<string, Entry>()
  readonly #endedSubjects = new Set<string>()
  acknowledged = 0

  note(line: string): void {
    if (line.startsWith('open')) return
    const [kind, id = '', more = ''] = line.split(' ')
    if (kind === 'I') this.#entries.set(id, { subject: more, count: 0, ended: false })
    const entry = this.#entries.get(id)
    if (kind === 'U' && entry !== undefined) entry.count = Number(more)
    if (kind === 'R' && entry !== undefined) entry.ended = true
    if (kind === 'S') this.#endSubject(id)
    this.acknowledged += 1
  }

  get ids(): Iterable<string> {
    return this.#entries.keys()
  }

  #endSubject(subject: string): void {
    this.#endedSubjects.add(subject)
    for (const entry of this.#entries.values()) if (entry.subject === subject) entry.ended = true
  }

  /** What the store does not show as it was acknowledged. */
  async differences(store: SessionStore): Promise<string[]> {
    const found: string[] = []
    for (const [id, entry] of this.#entries) {
      const difference = compare(entry, await store.find(id))
      if (difference !== null) found.push(`${id}: ${difference}`)
    }
    for (const subject of this.#endedSubjects) {
      const now = Date.now()
      const { status } = await store.insert(newRecord({ subject }), { now, limit: null })
      if (status !== 'ended') found.push(`${subject}: a sign-in from before its end was ${status}`)
    }
    this.#endedSubjects.clear()
    return found
  }
}

function compare(entry: Entry, record: SessionRecord | null): string | null {
  if (record === null) return 'an acknowledged session is lost'
  if (record.subject !== entry.subject) return `belongs to ${record.subject}`
  if (entry.ended && record.revokedAt === null) return 'an acknowledged revocation is undone'
  const count = Number(record.data.get('app:count') ?? 0)
  return count < entry.count ? `count is ${count}, acknowledged was ${entry.count}` : null
}
