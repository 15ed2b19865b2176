import assert from 'node:assert/strict'
import { type Site, type SiteSettings, withSite } from './site.js'
import type { AdapterCase, AdapterSuiteOptions } from './suite.js'

/** Collects the cases of one group. Each runs on a site of its own, and leaves no error behind in the process. */
export class Group {
  readonly cases: AdapterCase[] = []
  readonly suite: AdapterSuiteOptions
  readonly seed: number
  readonly #name: string

  constructor(name: string, suite: AdapterSuiteOptions, seed: number) {
    this.#name = name
    this.suite = suite
    this.seed = seed
  }

  /** One case on a site with `settings`. */
  add(name: string, body: (site: Site) => Promise<void>, settings: SiteSettings = {}): void {
    this.plain(name, () => withSite(this.suite, settings, body))
  }

  /** One case that starts what it needs itself. */
  plain(name: string, run: () => Promise<void>): void {
    this.cases.push({ name: `${this.#name}: ${name}`, run: () => watched(run) })
  }
}

/** What a case that hangs is given, in milliseconds: many times what the slowest needs. */
const LIMIT = Number(process.env['HOLDFAST_CASE_LIMIT'] ?? 60_000)

/** Runs `run`, and fails if an error of it reaches the process, where it would have ended a server. */
async function watched(run: () => Promise<void>): Promise<void> {
  const errors: unknown[] = []
  const note = (error: unknown): void => {
    errors.push(error)
  }
  process.on('uncaughtException', note)
  process.on('unhandledRejection', note)
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it hangs: not done in ${LIMIT} ms`)), LIMIT)
  })
  try {
    await Promise.race([run(), limit])
    await new Promise(setImmediate)
    await new Promise(setImmediate)
  } finally {
    clearTimeout(timer)
    process.off('uncaughtException', note)
    process.off('unhandledRejection', note)
  }
  assert.deepEqual(errors, [], 'no error may reach the process')
}
