/** A value now (embedded stores) or later (stores across a network). */
export type MaybePromise<T> = T | Promise<T>

/** Tells a promise from a value without waiting for it. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return value instanceof Promise
}

/** Goes on with `next` at once if the value is there, else when it comes. */
export function andThen<T, U>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<U>,
): MaybePromise<U> {
  return isPromise(value) ? value.then(next) : next(value)
}
