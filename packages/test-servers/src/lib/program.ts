import { existsSync } from 'node:fs'

/** A server's program on this machine, or why there is none. */
export class Program {
  readonly #path: string | undefined
  /** Why tests that need it cannot run here; false if they can. */
  readonly skip: string | false

  /** The one that the environment names; else the first of `known` that is there. */
  constructor(variable: string, known: readonly string[]) {
    const missing = process.env[`${variable}_MISSING`]
    const installed = missing === undefined ? known.find((each) => existsSync(each)) : undefined
    this.#path = process.env[variable] ?? installed
    this.skip =
      this.#path === undefined
        ? (missing ?? `none of ${known.join(', ')} is there, and ${variable} names no other`)
        : false
  }

  get path(): string {
    if (this.#path === undefined) throw new Error(String(this.skip))
    return this.#path
  }
}
