import type { Known } from './messages.js'
import type { Random } from '@holdfast/test-servers/random'
import { pick } from './random.js'

const MOST_ENDED = 300

/** The sessions that a worker knows of, live and ended, its own and those of the others. */
export class Population {
  readonly #live = new Map<string, Known>()
  readonly #ended: Known[] = []
  readonly #busy = new Set<string>()
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  get size(): number {
    return this.#live.size
  }

  add(session: Known): void {
    this.#live.set(session.id, session)
    // What was taken for ended was only the token before.
    const stale = this.#ended.findIndex(({ id }) => id === session.id)
    if (stale >= 0) this.#ended.splice(stale, 1)
  }

  end(id: string): void {
    const session = this.#live.get(id)
    if (session === undefined || !this.#live.delete(id)) return
    if (this.#ended.length < MOST_ENDED) this.#ended.push(session)
    else this.#ended[Math.floor(this.#random() * MOST_ENDED)] = session
  }

  endSubject(subject: string): readonly string[] {
    const ids = [...this.#live.values()].filter((each) => each.subject === subject)
    for (const { id } of ids) this.end(id)
    return ids.map(({ id }) => id)
  }

  live(): Known | undefined {
    return pick(this.#random, [...this.#live.values()])
  }

  ended(): Known | undefined {
    return pick(this.#random, this.#ended)
  }

  /** A session of this worker that no other lane is changing the token of. */
  async own<T>(owner: number, use: (session: Known) => Promise<T>): Promise<T | undefined> {
    const all = [...this.#live.values()]
    const session = pick(
      this.#random,
      all.filter((each) => each.owner === owner && !this.#busy.has(each.id)),
    )
    if (session === undefined) return undefined
    this.#busy.add(session.id)
    try {
      return await use(session)
    } finally {
      this.#busy.delete(session.id)
    }
  }
}
