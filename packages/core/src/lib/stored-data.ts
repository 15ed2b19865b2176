import type { DataRules, StandardResult } from './data-options.js'
import { SessionError } from './errors.js'
import { fromJson, parse, toJson, type JsonValue } from './json.js'

/** JSON text by `namespace:key`. */
export type Texts = ReadonlyMap<string, string>

/** Key of a namespace's data version. Names of the application never begin with `#`. */
const VERSION_KEY = '#version'

/** Names of a namespace's keys. */
export function keysOf(texts: Texts, namespace: string): readonly string[] {
  const prefix = `${namespace}:`
  return [...texts.keys()]
    .filter((name) => name.startsWith(prefix) && !name.startsWith(`${prefix}#`))
    .map((name) => name.slice(prefix.length))
}

/**
 * The texts with this application's data in its present version; the same map if it is that already. Throws
 * `ERR_SESSION_DATA_INVALID` for data of a newer version: older code must not read it, nor write over it.
 */
export function migrate(rules: DataRules, texts: Texts): Texts {
  const { namespace, dataVersion, migrate: change } = rules
  const keys = keysOf(texts, namespace)
  if (dataVersion === null || keys.length === 0) return texts
  const from = Number(texts.get(`${namespace}:${VERSION_KEY}`) ?? '0')
  if (from === dataVersion) return texts
  if (from > dataVersion) {
    throw invalid(
      `is of version ${from}, newer than this code's ${dataVersion}; deploy the newer code or end the session`,
    )
  }
  return typeof change === 'function'
    ? replaced(rules, texts, change(valuesOf(rules, texts), from))
    : stamped(rules, texts)
}

function replaced(rules: DataRules, texts: Texts, values: unknown): Texts {
  if (values instanceof Promise) values.catch(() => undefined)
  if (
    typeof values !== 'object' ||
    values === null ||
    Array.isArray(values) ||
    values instanceof Promise
  ) {
    throw new SessionError(
      'ERR_SESSION_CONFIG',
      'migrate must return a plain object of all data, synchronously',
    )
  }
  const { namespace } = rules
  const next = new Map(texts)
  for (const key of keysOf(texts, namespace)) next.delete(`${namespace}:${key}`)
  for (const [key, value] of Object.entries(values))
    next.set(nameOf(namespace, key), toJson(value, key))
  return stamped(rules, next)
}

/** Marks data as being of the present version. */
export function stamped(rules: DataRules, texts: Texts): Texts {
  const stamp = stampOf(rules)
  return stamp === null ? texts : new Map([...texts, stamp])
}

/** Name and text that say which version data is of; null where versions are not used. */
export function stampOf({ namespace, dataVersion }: DataRules): readonly [string, string] | null {
  return dataVersion === null ? null : [`${namespace}:${VERSION_KEY}`, String(dataVersion)]
}

/** The values that the schema makes of this application's data; none where there is no schema or no data. */
export function validate(rules: DataRules, texts: Texts): ReadonlyMap<string, JsonValue> {
  const { schema, namespace } = rules
  const values = new Map<string, JsonValue>()
  if (schema === null || keysOf(texts, namespace).length === 0) return values
  const result: StandardResult<object> | Promise<unknown> = schema['~standard'].validate(
    valuesOf(rules, texts),
  )
  if (result instanceof Promise) {
    result.catch(() => undefined)
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
    if (value !== undefined) values.set(nameOf(namespace, key), fromJson(toJson(value, key), key))
  }
  return values
}

function valuesOf({ namespace }: DataRules, texts: Texts): Record<string, JsonValue> {
  return Object.fromEntries(
    keysOf(texts, namespace).map((key) => [
      key,
      parse(texts.get(`${namespace}:${key}`) ?? '', key),
    ]),
  )
}

function segment(part: PropertyKey | { readonly key: PropertyKey }): string {
  return String(typeof part === 'object' ? part.key : part)
}

const MAX_KEY_LENGTH = 128

/** `namespace:key`. Throws for a key that is none. */
export function nameOf(namespace: string, key: unknown): string {
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

function invalid(what: string): SessionError {
  return new SessionError('ERR_SESSION_DATA_INVALID', `the session's data ${what}`)
}
