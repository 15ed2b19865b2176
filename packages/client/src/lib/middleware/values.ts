import type { JsonValue } from '@holdfast/core'
import { toJson } from '@holdfast/core/engine'

type Stored = Readonly<Record<string, JsonValue>>

/** What a request wants changed: undefined for a value that goes. */
export type Change = ReadonlyMap<string, JsonValue | undefined>

/** Values of one namespace as one request sees them: what is stored, and over it what the request has written. */
export class Values {
  #stored: Stored = {}
  #written = new Map<string, JsonValue | undefined>()
  readonly #changed: () => void

  constructor(changed: () => void) {
    this.#changed = changed
  }

  get dirty(): boolean {
    return this.#written.size > 0
  }

  /** What the store has now. What was written and not sent yet stays. */
  load(stored: Stored): void {
    this.#stored = stored
  }

  get(key: string): JsonValue | undefined {
    if (this.#written.has(key)) return this.#written.get(key)
    return Object.hasOwn(this.#stored, key) ? frozen(this.#stored[key]) : undefined
  }

  keys(): readonly string[] {
    const keys = new Set(Object.keys(this.#stored))
    for (const [key, value] of this.#written) {
      if (value === undefined) keys.delete(key)
      else keys.add(key)
    }
    return [...keys]
  }

  /** Throws `ERR_SESSION_DATA_INVALID` for what does not survive JSON. */
  set(key: string, value: JsonValue): void {
    this.#written.set(key, asStored(key, value))
    this.#changed()
  }

  unset(key: string): void {
    this.#written.set(key, undefined)
    this.#changed()
  }

  /** Takes out what was written, to be sent. */
  take(): Change {
    const written = this.#written
    this.#written = new Map()
    return written
  }

  /** Forgets what was written: its session is gone. */
  drop(): void {
    this.#written.clear()
  }
}

/** A change as the protocol has it; undefined for none. */
export function toPatch(
  change: Change,
): { readonly set: Record<string, JsonValue>; readonly unset: string[] } | undefined {
  if (change.size === 0) return undefined
  const set: Record<string, JsonValue> = Object.create(null)
  const unset: string[] = []
  for (const [key, value] of change) {
    if (value === undefined) unset.push(key)
    else set[key] = value
  }
  return { set, unset }
}

/** The value as it will be read, frozen. Throws `ERR_SESSION_DATA_INVALID` for what does not survive JSON. */
export function asStored(key: string, value: JsonValue): JsonValue {
  const kept: JsonValue = JSON.parse(toJson(value, key))
  return frozen(kept)
}

function frozen<Value extends JsonValue | undefined>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const each of Object.values(value)) frozen(each)
  return Object.freeze(value)
}
