import type { Place, Problem } from './problem.js'
import { placeOf, type Source } from './source.js'
import { readSecret } from './secret.js'

/** What is known while settings are made of a configuration, and what is found wrong on the way. */
export class Findings {
  readonly problems: Problem[] = []
  readonly warnings: string[] = []
  readonly #source: Source
  readonly #file: string
  readonly #credentials: string | undefined

  constructor(source: Source, file: string, credentials: string | undefined) {
    this.#source = source
    this.#file = file
    this.#credentials = credentials
  }

  /** Where relative paths begin. */
  get file(): string {
    return this.#file
  }

  wrong(path: string, what: string): void {
    // What several things have in common is said once.
    if (this.problems.some((each) => each.path === path && each.what === what)) return
    this.problems.push({ place: this.#placeOf(path), path, what })
  }

  warn(path: string, what: string): void {
    const { source, line } = this.#placeOf(path)
    this.warnings.push(`${line === null ? source : `${source}:${line}`}: ${path}: ${what}`)
  }

  /** The secret in the file that the key names; null where there is none, which has been said then. */
  secret(path: string, name: string): string | null {
    const secret = readSecret(name, this.#file, this.#credentials)
    if ('wrong' in secret) {
      this.wrong(path, secret.wrong)
      return null
    }
    if (secret.warning !== null) this.warn(path, secret.warning)
    return secret.text
  }

  /** Calls `check`; what it throws is a problem of the key. */
  attempt<T>(path: string, check: () => T, mend: (message: string) => string): T | null {
    try {
      return check()
    } catch (error) {
      this.wrong(path, mend(error instanceof Error ? error.message : 'is wrong'))
      return null
    }
  }

  #placeOf(path: string): Place {
    return placeOf(this.#source, path.split('.')) ?? { source: this.#file, line: null }
  }
}
