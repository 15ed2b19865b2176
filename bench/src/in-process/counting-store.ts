import type { SessionStore } from '@holdfast/core/store'

/** A store that counts how often anything is asked of it. */
export function countingStore(store: SessionStore): {
  readonly store: SessionStore
  readonly calls: () => number
} {
  let calls = 0
  const counted = new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return (...args: readonly unknown[]): unknown => {
        calls += 1
        return Reflect.apply(value, target, args)
      }
    },
  })
  return { store: counted, calls: () => calls }
}
