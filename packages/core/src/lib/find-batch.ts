import { SessionError } from './errors.js'
import type { SessionRecord } from './record.js'

/** What a store has under an id; in the place of one that cannot be read stands why. */
export type Found = SessionRecord | Error | null

interface WaitingFind {
  readonly id: string
  readonly resolve: (record: SessionRecord | null) => void
  readonly reject: (error: unknown) => void
}

/** Ids that are asked for at once. */
const MOST = 250

/**
 * For stores across a network: the finds of one turn of the event loop, asked for together. A round trip costs the
 * application's process many times what a record costs, and a busy server reads several requests in each turn. Each read
 * still begins after its `find` was called, so that nothing is older for it.
 */
export class FindBatch {
  readonly #findAll: (ids: readonly string[]) => Promise<readonly Found[]>
  #waiting: WaitingFind[] = []

  /** `findAll` gives what is under each id, in their order. */
  constructor(findAll: (ids: readonly string[]) => Promise<readonly Found[]>) {
    this.#findAll = findAll
  }

  /** The record under this id, or null. Rejects with what `findAll` gives in its place, or rejects with. */
  find(id: string): Promise<SessionRecord | null> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ id, resolve, reject }) === 1) setImmediate(() => this.#flush())
    })
  }

  #flush(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (let at = 0; at < waiting.length; at += MOST) void this.#ask(waiting.slice(at, at + MOST))
  }

  async #ask(batch: readonly WaitingFind[]): Promise<void> {
    try {
      const found = await this.#findAll(batch.map(({ id }) => id))
      for (const [at, { resolve, reject }] of batch.entries()) {
        const record = found[at] ?? null
        if (record instanceof Error) reject(record)
        else resolve(record)
      }
    } catch (error) {
      // One damaged value must not keep the others from being read.
      if (batch.length > 1 && isCorrupt(error)) for (const each of batch) void this.#ask([each])
      else for (const { reject } of batch) reject(error)
    }
  }
}

function isCorrupt(error: unknown): boolean {
  return error instanceof SessionError && error.code === 'ERR_SESSION_STORE_CORRUPT'
}
