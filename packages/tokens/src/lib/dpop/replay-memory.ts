import type { Proof } from './proof.js'

/** Proofs that are remembered at most. They live a minute and a half. */
const CAPACITY = 100_000

/**
 * Remembers the proofs that this process has seen, each until it is too old anyway. When it is full, every proof counts as
 * seen: refusing is safe, forgetting is not. Several processes need a memory that they share.
 */
export class ReplayMemory {
  readonly #untilByProof = new Map<string, number>()
  readonly #capacity: number

  constructor(capacity: number = CAPACITY) {
    this.#capacity = capacity
  }

  /** Whether the proof is used for the first time; from now on it is not. */
  firstUse({ jkt, jti, until }: Proof, now: number): boolean {
    const name = `${jkt}.${jti}`
    if ((this.#untilByProof.get(name) ?? 0) > now) return false
    if (this.#untilByProof.size >= this.#capacity) this.#forget(now)
    if (this.#untilByProof.size >= this.#capacity) return false
    this.#untilByProof.set(name, until)
    return true
  }

  #forget(now: number): void {
    for (const [name, until] of this.#untilByProof) {
      if (until <= now) this.#untilByProof.delete(name)
    }
  }
}
