import type { DataRules } from './data-options.js'
import { fromJson, parse, toJson, type JsonValue } from './json.js'
import { keysOf, migrate, nameOf, stamped, stampOf, type Texts, validate } from './stored-data.js'

/** A session without data. */
export const NO_TEXTS: Texts = new Map()

const FLASH_PREFIX = '#flash:'

/** A request's writes by full name: text, or null to remove. */
export type Writes = ReadonlyMap<string, string | null>

/** A request that wrote nothing. */
export const NO_WRITES: Writes = new Map()

/** What a request writes, for `RecordChange`. */
export interface DataChange {
  readonly set: Texts
  readonly unset: readonly string[]
  /** The change rewrites old data as a whole, so it holds only for the version of the record that was read. */
  readonly migrates: boolean
}

/** A session's data during one request: what was read, and what the request has written over it. */
export class WorkingData {
  readonly #rules: DataRules
  readonly #onWrite: () => void
  #base: Texts
  /** `#base` in the present version; null until it is first needed. */
  #current: Texts | null = null
  #values: Map<string, JsonValue> | null = null
  readonly #others = new Map<string, JsonValue>()
  #written = new Map<string, string | null>()

  constructor(rules: DataRules, base: Texts, onWrite: () => void) {
    this.#rules = rules
    this.#onWrite = onWrite
    this.#base = base
  }

  /** Whether the request wrote anything. */
  get dirty(): boolean {
    return this.#written.size > 0
  }

  /** Whether the request wrote a value: removing what is not there starts no session. */
  get hasValues(): boolean {
    for (const text of this.#written.values()) if (text !== null) return true
    return false
  }

  /** Whether reading has found data of an older version, not yet rewritten. */
  get outdated(): boolean {
    return this.#migrated() !== this.#base
  }

  /** The request's own writes so far. */
  get writes(): Writes {
    return new Map(this.#written)
  }

  get(namespace: string, key: string): JsonValue | undefined {
    const name = nameOf(namespace, key)
    // Another application's data is not for this one's schema to judge.
    const values = namespace === this.#rules.namespace ? this.#validated() : this.#others
    const known = values.get(name)
    if (known !== undefined) return known
    const text = this.#text(name)
    if (text === undefined) return undefined
    const value = fromJson(text, key)
    values.set(name, value)
    return value
  }

  set(namespace: string, key: string, value: unknown): void {
    this.#migrated()
    this.#write(nameOf(namespace, key), toJson(value, key))
  }

  unset(namespace: string, key: string): void {
    this.#migrated()
    this.#write(nameOf(namespace, key), null)
  }

  /** Names of the namespace's keys, the request's own changes included. */
  keys(namespace: string): readonly string[] {
    return keysOf(this.#merge(this.#migrated()), namespace)
  }

  setFlash(key: string, value: unknown): void {
    this.#write(this.flashName(key), toJson(value, key))
  }

  /** The full name under which a flash value is stored. */
  flashName(key: string): string {
    const { namespace } = this.#rules
    return `${namespace}:${FLASH_PREFIX}${nameOf(namespace, key).slice(namespace.length + 1)}`
  }

  /** The request's own value for a full name: text, null where it removed it, undefined where it wrote nothing. */
  written(name: string): string | null | undefined {
    return this.#written.get(name)
  }

  /** Writes a text under a full name; null removes it. */
  put(name: string, text: string | null): void {
    this.#write(name, text)
  }

  /** The request's changes, and those of a migration, as one patch. */
  change(): DataChange {
    const current = this.#migrated()
    const after = this.merged()
    const set = new Map(
      [...after].filter(([name, text]) => this.#written.has(name) || this.#base.get(name) !== text),
    )
    const removed = [...this.#base.keys()].filter((name) => !after.has(name))
    const unset = new Set([
      ...removed,
      ...[...this.#written.keys()].filter((name) => !after.has(name)),
    ])
    return { set, unset: [...unset], migrates: current !== this.#base }
  }

  /** The data as it is to be stored. */
  merged(): Texts {
    const after = this.#merge(this.#migrated())
    const { namespace } = this.#rules
    const writesOwn = [...this.#written].some(
      ([name, text]) => text !== null && name.startsWith(`${namespace}:`),
    )
    return writesOwn ? stamped(this.#rules, after) : after
  }

  /** The value of a stored text as the application may see it: its own copy, as its schema makes it. */
  valueOf(namespace: string, key: string, text: string): JsonValue {
    const name = nameOf(namespace, key)
    if (namespace !== this.#rules.namespace || this.#rules.schema === null) return parse(text, key)
    const texts = new Map([...this.#merge(this.#migrated()), [name, text]])
    return structuredClone(validate(this.#rules, texts).get(name)) ?? parse(text, key)
  }

  /** The value of a text that this request has stored, frozen. Others, taken together with it, may have followed. */
  made(namespace: string, key: string, text: string): JsonValue | undefined {
    if (this.#text(nameOf(namespace, key)) === text) return this.get(namespace, key)
    return fromJson(toJson(this.valueOf(namespace, key, text), key), key)
  }

  /** What must be written along with `name`; null for nothing. */
  stampFor(name: string): readonly [string, string] | null {
    return name.startsWith(`${this.#rules.namespace}:`) ? stampOf(this.#rules) : null
  }

  /** Starts over from `texts`. Of the request's writes, those in `sent` are stored now; later ones are kept. */
  rebase(texts: Texts, sent: Writes): void {
    this.#base = texts
    this.#current = null
    this.#values = null
    this.#others.clear()
    for (const [name, text] of sent) {
      if (this.#written.get(name) === text) this.#written.delete(name)
    }
  }

  #migrated(): Texts {
    this.#current ??= migrate(this.#rules, this.#base)
    return this.#current
  }

  #validated(): Map<string, JsonValue> {
    this.#values ??= new Map(validate(this.#rules, this.#merge(this.#migrated())))
    return this.#values
  }

  #merge(texts: Texts): Texts {
    if (this.#written.size === 0) return texts
    const merged = new Map(texts)
    for (const [name, text] of this.#written) {
      if (text === null) merged.delete(name)
      else merged.set(name, text)
    }
    return merged
  }

  #text(name: string): string | undefined {
    const written = this.#written.get(name)
    return written === undefined ? this.#migrated().get(name) : (written ?? undefined)
  }

  #write(name: string, text: string | null): void {
    this.#written.set(name, text)
    this.#values?.delete(name)
    this.#others.delete(name)
    this.#onWrite()
  }
}
