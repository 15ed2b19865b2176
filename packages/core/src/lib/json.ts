import { SessionError } from './errors.js'

/** What session data may hold: values that JSON gives back exactly as they were. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue }

const MAX_DEPTH = 64

/**
 * The JSON text of a value that survives the round trip. Throws `ERR_SESSION_DATA_INVALID`, naming the place and never
 * the value, for everything else: undefined, functions, symbols, bigints, NaN, infinities, -0, dates, maps, class
 * instances, holes, cycles, lone surrogates and `__proto__` keys. Nothing is dropped or rounded.
 */
export function toJson(value: unknown, path: string): string {
  check(value, path, 0)
  return JSON.stringify(value)
}

function check(value: unknown, path: string, depth: number): void {
  if (depth > MAX_DEPTH)
    throw invalid(path, `is nested more than ${MAX_DEPTH} deep, or contains itself`)
  switch (typeof value) {
    case 'boolean':
      return
    case 'string':
      if (!value.isWellFormed()) throw invalid(path, 'holds a lone surrogate')
      return
    case 'number':
      if (!Number.isFinite(value)) throw invalid(path, 'is NaN or infinite')
      if (Object.is(value, -0)) throw invalid(path, 'is -0')
      return
    case 'object':
      if (value === null) return
      if (Array.isArray(value)) checkArray(value, path, depth)
      else checkObject(value, path, depth)
      return
    default:
      throw invalid(path, `is ${typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`}`)
  }
}

function checkArray(value: readonly unknown[], path: string, depth: number): void {
  if (Object.getPrototypeOf(value) !== Array.prototype)
    throw invalid(path, 'is an instance of an Array subclass')
  // Every index and `length`, nothing else.
  if (Reflect.ownKeys(value).length !== value.length + 1)
    throw invalid(path, 'is an array with holes or extra properties')
  for (let index = 0; index < value.length; index++) {
    if (!Object.hasOwn(value, index)) throw invalid(path, 'is an array with holes')
    check(value[index], `${path}[${index}]`, depth + 1)
  }
}

function checkObject(value: object, path: string, depth: number): void {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw invalid(path, 'is an instance of a class; store a plain object or a string')
  }
  if (Object.getOwnPropertySymbols(value).length > 0) throw invalid(path, 'has a symbol as a key')
  for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
    const place = `${path}.${key}`
    if (key === '__proto__') throw invalid(path, 'has a key named __proto__')
    if (!key.isWellFormed()) throw invalid(path, 'has a key with a lone surrogate')
    if (!('value' in descriptor) || !descriptor.enumerable)
      throw invalid(place, 'is an accessor or hidden')
    if (key === 'toJSON' && typeof descriptor.value === 'function')
      throw invalid(path, 'has a toJSON function')
    check(descriptor.value, place, depth + 1)
  }
}

function invalid(path: string, what: string): SessionError {
  return new SessionError(
    'ERR_SESSION_DATA_INVALID',
    `session data '${path}' ${what}; only values that survive JSON can be stored`,
  )
}

/** A stored value for reading: frozen through and through, so that a change that would be lost throws instead. */
export function fromJson(text: string, path: string): JsonValue {
  return freeze(parse(text, path))
}

/** A stored value as the caller's own copy. Throws `ERR_SESSION_STORE_CORRUPT` if it is no JSON. */
export function parse(text: string, path: string): JsonValue {
  try {
    const value: JsonValue = JSON.parse(text)
    return value
  } catch {
    // The parser's own message quotes the text, so it does not become the cause.
    throw new SessionError(
      'ERR_SESSION_STORE_CORRUPT',
      `the stored value of session data '${path}' is no JSON`,
    )
  }
}

function freeze(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value
  for (const item of Object.values(value)) freeze(item)
  return Object.freeze(value)
}
