import { createSessions, type KeyInput, type Sessions, type SessionsOptions } from '@holdfast/core'
import type { SessionData } from '@holdfast/express'
import type { Cart } from './cart.js'
import { deviceLabel } from './device-label.js'

declare module '@holdfast/express' {
  interface SessionData {
    cart: Cart
  }
}

/** The sessions of this site: safe defaults, and a name for each device. */
export function createSiteSessions(
  options: Pick<SessionsOptions, 'store' | 'clock' | 'storeTimeout'> & {
    readonly keys: readonly KeyInput[]
  },
): Sessions<SessionData> {
  return createSessions<SessionData>({
    production: options.store.capabilities.durable,
    client: { label: deviceLabel },
    ...options,
  })
}
