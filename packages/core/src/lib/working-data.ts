import type { DataRules, StandardResult } from './data-options.js'
import { SessionError } from './errors.js'
import { fromJson, parse, toJson, type JsonValue } from './json.js'

type Texts = ReadonlyMap<string, string>

export const NO_TEXTS: Texts = new Map()
const MAX_KEY_LENGTH = 128

/** Key of a namespace's data version. Names of the application never begin with `#`. */
const VERSION_KEY = '#version'
const FLASH_PREFIX = '#flash:'

/** What a request writes, for `RecordChange`. */
export interface DataChange {
  readonly set: Texts
  readonly unset: readonly string[]
}

/** A session's data during one request: what was read, and what the request has written over it. */
export class WorkingData {
  readonly #rules: DataRules
  readonly #onWrite: () => void
  #base: Texts
  #written: Map<string, string | null> | null = null
  #values: Map<string, JsonValue> | null = null
  #prepared = false

  constructor(rules: DataRules, base: Texts, onWrite: () => void) {
    this.#rules = rules
    this.#onWrite = onWrite
    this.#base = base
  }

  get dirty(): boolean {
    return this.#written !== null && this.#written.size > 0
  }

  get(namespace: string, key: string): JsonValue | undefined {
    const name = this.#name(namespace, key)
    if (namespace === this.#rules.namespace) this.#prepare()
    const known = this.#values?.get(name)
    if (known !== undefined) return known
    const text = this.#text(name)
    if (text === undefined) return undefined
    const value = fromJson(text, key)
    this.#remember(name, value)
    return value
  }

  set(namespace: string, key: string, value: unknown): void {
    this.#write(this.#name(namespace, key), toJson(value, key))
  }

  unset(namespace: string, key: string): void {
    this.#write(this.#name(namespace, key), null)
  }

  /** Names of the namespace's keys, the request's own changes included. */
  keys(namespace: string): readonly string[] {
    if (namespace === this.#rules.namespace) this.#prepare()
    const prefix = `${namespace}:`
    const names = new Set([...this.#base.keys(), ...(this.#written?.keys() ?? [])])
    return [...names]
      .filter(
        (name) =>
          name.startsWith(prefix) &&
          !name.startsWith(`${prefix}#`) &&
          this.#text(name) !== undefined,
      )
      .map((name) => name.slice(prefix.length))
  }

  /** Writes a text under a full name; null removes it. */
  put(name: string, text: string | null): void {
    this.#write(name, text)
  }

  setFlash(key: string, value: unknown): void {
    this.#name(this.#rules.namespace, key)
    this.#write(this.flashName(key), toJson(value, key))
  }

  /** The full name under which a flash value is stored. */
  flashName(key: string): string {
    return `${this.#rules.namespace}:${FLASH_PREFIX}${key}`
  }

  /** The full name of an application's key. */
  name(namespace: string, key: string): string {
    return this.#name(namespace, key)
  }

  /** The request's own value for a full name: text, null where it removed it, undefined where it wrote nothing. */
  written(name: string): string | null | undefined {
    return this.#written?.get(name)
  }

  /** Forgets the request's own change of `name`: it has been stored with `texts`, the data as it is now. */
  stored(name: string, texts: Texts): void {
    this.#written?.delete(name)
    this.#values?.delete(name)
    this.#base = texts
  }

  /** The request's changes as one patch. */
  change(): DataChange {
    const set = new Map<string, string>()
    const unset: string[] = []
    for (const [name, text] of this.#written ?? []) {
      if (text === null) unset.push(name)
      else set.set(name, text)
    }
    if (set.size > 0) this.#stampVersion(set)
    return { set, unset }
  }

  /** Starts over from `texts`; the request's own changes are kept only if `keep` says so. */
  rebase(texts: Texts, keep: boolean): void {
    this.#base = texts
    this.#values = null
    this.#prepared = false
    if (!keep) this.#written = null
  }

  /** The stored data with the request's own changes applied. */
  merged(): Texts {
    if (!this.dirty) return this.#base
    const { set, unset } = this.change()
    const texts = new Map(this.#base)
    for (const name of unset) texts.delete(name)
    for (const [name, text] of set) texts.set(name, text)
    return texts
  }

  #text(name: string): string | undefined {
    const written = this.#written?.get(name)
    return written === undefined ? this.#base.get(name) : (written ?? undefined)
  }

  #write(name: string, text: string | null): void {
    this.#written ??= new Map()
    this.#written.set(name, text)
    this.#values?.delete(name)
    this.#onWrite()
  }

  #remember(name: string, value: JsonValue): void {
    this.#values ??= new Map()
    this.#values.set(name, value)
  }

  #name(namespace: string, key: unknown): string {
    if (typeof key !== 'string')
      throw new TypeError(`a session data key must be a string; got ${typeof key}`)
    if (
      key === '' ||
      key.length > MAX_KEY_LENGTH ||
      key.startsWith('#') ||
      key === '__proto__' ||
      !key.isWellFormed()
    ) {
      throw new SessionError(
        'ERR_SESSION_DATA_INVALID',
        `a session data key must have 1 to ${MAX_KEY_LENGTH} characters, not begin with '#' and not be __proto__`,
      )
    }
    return `${namespace}:${key}`
  }

  #stampVersion(set: Map<string, string>): void {
    const { namespace, dataVersion } = this.#rules
    const name = `${namespace}:${VERSION_KEY}`
    if (dataVersion !== null && this.#base.get(name) !== String(dataVersion))
      set.set(name, String(dataVersion))
  }

  /** Migrates and validates this application's data, once a request, before the first read. */
  #prepare(): void {
    if (this.#prepared) return
    this.#prepared = true
    if (this.#base.size === 0) return
    this.#migrate()
    this.#validate()
  }

  #migrate(): void {
    const { namespace, dataVersion, migrate } = this.#rules
    if (dataVersion === null || this.keys(namespace).length === 0) return
    const from = Number(this.#base.get(`${namespace}:${VERSION_KEY}`) ?? '0')
    if (from === dataVersion) return
    if (from > dataVersion) {
      throw invalid(
        `is of version ${from}, newer than this code's ${dataVersion}; deploy the newer code or end the session`,
      )
    }
    if (typeof migrate !== 'function') return
    const before = this.#object()
    const after = migrate(before, from)
    for (const key of Object.keys(before)) {
      if (!Object.hasOwn(after, key)) this.unset(namespace, key)
    }
    for (const [key, value] of Object.entries(after)) this.set(namespace, key, value)
  }

  #validate(): void {
    const { schema, namespace } = this.#rules
    if (schema === null) return
    const result: StandardResult<object> | Promise<unknown> = schema['~standard'].validate(
      this.#object(),
    )
    if (!('issues' in result) && !('value' in result)) {
      throw new SessionError(
        'ERR_SESSION_CONFIG',
        'schema validates asynchronously; session data needs a synchronous schema',
      )
    }
    if (result.issues !== undefined) {
      const places = result.issues.map(
        (issue) => (issue.path ?? []).map(segment).join('.') || '(root)',
      )
      throw invalid(`does not fit its schema at ${[...new Set(places)].join(', ')}`)
    }
    for (const [key, value] of Object.entries(result.value)) {
      if (value !== undefined)
        this.#remember(this.#name(namespace, key), fromJson(toJson(value, key), key))
    }
  }

  #object(): Record<string, JsonValue> {
    const { namespace } = this.#rules
    return Object.fromEntries(
      this.keys(namespace).map((key) => [
        key,
        parse(this.#text(`${namespace}:${key}`) ?? 'null', key),
      ]),
    )
  }
}

function segment(part: PropertyKey | { readonly key: PropertyKey }): string {
  return String(typeof part === 'object' ? part.key : part)
}

function invalid(what: string): SessionError {
  return new SessionError('ERR_SESSION_DATA_INVALID', `the session's data ${what}`)
}
