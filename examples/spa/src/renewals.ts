import type { Sessions } from '@holdfast/core'

const MOST = 10_000

/** How often the tokens of a session were renewed, as this process has seen it. */
export class Renewals {
  readonly #bySession = new Map<string, number>()

  constructor(sessions: Pick<Sessions, 'on'>) {
    sessions.on('token_refreshed', ({ sessionId }) => this.#count(sessionId))
    sessions.on('session_revoked', ({ sessionId }) => this.#bySession.delete(sessionId ?? ''))
  }

  of(sessionId: string): number {
    return this.#bySession.get(sessionId) ?? 0
  }

  #count(sessionId: string): void {
    const count = this.of(sessionId) + 1
    const [oldest] = this.#bySession.keys()
    if (count === 1 && oldest !== undefined && this.#bySession.size >= MOST)
      this.#bySession.delete(oldest)
    this.#bySession.set(sessionId, count)
  }
}
