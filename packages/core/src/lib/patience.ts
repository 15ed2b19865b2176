/** A store that answers within this part of the deadline is not in trouble. */
const QUICK = 0.1

/**
 * How long one request may still wait for the store. Calls in a row that are slow share one deadline, so that a request of
 * several calls is refused as soon as a request of one (promise P6); a quick answer in between gives all of it back.
 */
export class Patience {
  readonly #limit: number
  #left: number
  #underWay = 0
  #since = 0

  /** Milliseconds for calls in a row, of which `waited` have passed. */
  constructor(limit: number, waited = 0) {
    this.#limit = limit
    this.#left = limit
    this.#spend(waited)
  }

  /** A call begins: the milliseconds within which it must be answered. Calls at the same time wait together. */
  begin(): number {
    const now = performance.now()
    if (this.#underWay === 0) this.#since = now
    this.#underWay += 1
    return Math.max(0, this.#left - (now - this.#since))
  }

  /** A call was answered, or given up. */
  end(givenUp: boolean): void {
    this.#underWay -= 1
    if (givenUp) this.#left = 0
    else if (this.#underWay === 0) this.#spend(performance.now() - this.#since)
  }

  #spend(waited: number): void {
    this.#left = waited <= this.#limit * QUICK ? this.#limit : Math.max(0, this.#left - waited)
  }
}
