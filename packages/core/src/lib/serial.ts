/** Runs asynchronous work one piece after the other, and tells what is under way. */
export class Serial {
  #last: Promise<void> | null = null

  /** What is under way; null if nothing is. Rejects if it fails. */
  get pending(): Promise<void> | null {
    return this.#last
  }

  run(work: () => Promise<void>): Promise<void> {
    const begun = this.#last === null ? work() : this.#last.catch(() => undefined).then(work)
    const done = begun.finally(() => {
      if (this.#last === done) this.#last = null
    })
    this.#last = done
    return done
  }
}
