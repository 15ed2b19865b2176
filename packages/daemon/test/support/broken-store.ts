import { SessionError } from '@holdfast/core'
import type { SessionStore } from '@holdfast/core/store'

/** A real store that can be made to fail. */
export function breakable(store: SessionStore): { readonly store: SessionStore; broken: boolean } {
  const state = {
    broken: false,
    store: new Proxy(store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        if (state.broken && name !== 'close') {
          return (): never => {
            throw new SessionError('ERR_SESSION_STORE_UNAVAILABLE', 'the disk is gone')
          }
        }
        return (...args: unknown[]): unknown => Reflect.apply(value, target, args)
      },
    }),
  }
  return state
}
