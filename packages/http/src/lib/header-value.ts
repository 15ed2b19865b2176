/**
 * One request header as a server framework hands it over.
 *
 * Shape: a string (possibly several lines joined), an array of lines (`node:http`), or `undefined` or `null`
 * when the request does not have the header (`Headers.get` yields `null`).
 */
export type HeaderValue = string | readonly string[] | null | undefined

/**
 * Says that a credential was presented in a form that must not be used.
 *
 * It differs from `undefined` (nothing presented) because the first is worth an event and the second is not.
 */
export const malformed: unique symbol = Symbol('malformed')

/**
 * What a request presents as its credential, discriminated without an object, so that reading allocates nothing.
 *
 * - `undefined`: none;
 * - a string: exactly one, verbatim (it may be empty);
 * - an array: several, in the order sent;
 * - {@link malformed}: present, but not to be used.
 */
export type Presented = string | readonly string[] | typeof malformed | undefined

/** The only value of a header, `undefined` when absent, {@link malformed} when there are several lines of it. */
export function singleValue(value: HeaderValue): string | typeof malformed | undefined {
  if (value === undefined || value === null || typeof value === 'string') return value ?? undefined
  return value.length > 1 ? malformed : value[0]
}

/** All lines of a header as one list, comma-separated as RFC 9110 §5.3 allows for list headers. */
export function joinedValue(value: HeaderValue): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : value.join(', ')
}
