import { toJson, type JsonValue } from './json.js'
import type { OpenSession } from './open-session.js'
import { nameOf } from './stored-data.js'
import { NO_WRITES } from './working-data.js'

/** `T` for reading only, at every depth. */
export type DeepReadonly<T> = JsonValue extends T
  ? T
  : T extends (infer Item)[]
    ? readonly DeepReadonly<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
      : T

/** The keys of typed data. */
export type KeyOf<Data> = keyof Data & string

/** Values of one namespace of a session's data. */
export interface SessionScope<Data extends object> {
  /** The value, frozen; undefined if there is none. To change it, `set` a new one or `update` it. */
  get<Key extends KeyOf<Data>>(key: Key): DeepReadonly<Data[Key]> | undefined
  /** Whether there is a value. */
  has(key: KeyOf<Data>): boolean
  /** The keys that have a value. */
  keys(): readonly KeyOf<Data>[]
  /**
   * Writes a value with the response. Other keys that other requests write at the same time are kept; of two writes of
   * one key the later wins. Throws `ERR_SESSION_DATA_INVALID` for what does not survive JSON.
   */
  set<Key extends KeyOf<Data>>(key: Key, value: Data[Key]): void
  /** Removes a value with the response. */
  unset(key: KeyOf<Data>): void
  /**
   * Replaces a value by what `change` makes of the present one, at once, losing no other request's update: 1,000 parallel
   * increments count 1,000, and each is told a number of its own. `change` may be called more than once; it must be
   * synchronous. Undefined removes the value. Resolves to what `change` made, even where another request's update has
   * followed; `get` then sees that one.
   */
  update<Key extends KeyOf<Data>>(
    key: Key,
    change: (value: Data[Key] | undefined) => Data[Key] | undefined,
  ): Promise<DeepReadonly<Data[Key]> | undefined>
}

/** One namespace of a session's data, by name. */
export class Scope implements SessionScope<Record<string, JsonValue>> {
  readonly #open: OpenSession
  readonly #namespace: string

  constructor(open: OpenSession, namespace: string) {
    this.#open = open
    this.#namespace = namespace
  }

  get(key: string): JsonValue | undefined {
    return read(this.#open, this.#namespace, key)
  }

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  keys(): readonly string[] {
    return this.#open.data.keys(this.#namespace)
  }

  set(key: string, value: JsonValue): void {
    this.#open.assertOpen()
    this.#open.data.set(this.#namespace, key, value)
  }

  unset(key: string): void {
    this.#open.assertOpen()
    this.#open.data.unset(this.#namespace, key)
  }

  update(
    key: string,
    change: (value: JsonValue | undefined) => JsonValue | undefined,
  ): Promise<JsonValue | undefined> {
    return update(this.#open, this.#namespace, key, change)
  }
}

/** A change of one value. */
export type Updater = (value: JsonValue | undefined) => JsonValue | undefined

/**
 * The application's own type for what is stored. Its declaration is a promise; a `schema` proves it on every read.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- an assertion in all but name
export function typed<T>(value: unknown): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above: this is the one place where it is made
  return value as T
}

/** One value. */
export function read(open: OpenSession, namespace: string, key: string): JsonValue | undefined {
  return open.data.get(namespace, key)
}

/** Replaces one value by what `change` makes of it. */
export async function update(
  open: OpenSession,
  namespace: string,
  key: string,
  change: Updater,
): Promise<JsonValue | undefined> {
  if (typeof change !== 'function') throw new TypeError('update() needs a function')
  const made: { text: string | null } = { text: null }
  await modify(open, nameOf(namespace, key), (text) => {
    const value: unknown = change(
      text === undefined ? undefined : open.data.valueOf(namespace, key, text),
    )
    if (value instanceof Promise) {
      value.catch(() => undefined)
      throw new TypeError('the function given to update() must be synchronous')
    }
    // Called again, it is the last one that is stored.
    made.text = value === undefined ? null : toJson(value, key)
    return made.text
  })
  return made.text === null ? undefined : open.data.made(namespace, key, made.text)
}

/** Changes one stored text at once; on a session that does not exist yet, with its start. */
export async function modify(
  open: OpenSession,
  name: string,
  change: (text: string | undefined) => string | null | undefined,
): Promise<void> {
  // Old data is written in its new version first, so that every change is made to the present shape.
  if (open.record !== null && open.data.outdated) await open.save(true)
  const { record } = open
  const own = open.data.written(name)
  if (record === null) {
    const text = change(own ?? undefined)
    if (text === undefined) return
    open.assertOpen()
    open.data.put(name, text)
    if (open.dirty) await open.save()
    return
  }
  const touch = open.dueTouch()
  const after = await open.engine.combiner.run(record.id, {
    name,
    ifGeneration: record.generation,
    apply: (text) => {
      const next = change(own === undefined ? text : (own ?? undefined))
      return next === undefined ? own : next
    },
    touch,
    stamp: open.data.stampFor(name),
    patience: open.patience ?? open.engine.store.patience(),
  })
  open.stored(after, own === undefined ? NO_WRITES : new Map([[name, own]]))
}
