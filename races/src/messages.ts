import type { StoreConfig } from './stores.js'

/** Events of the engine that races count. */
export const COUNTED = ['session_renewed', 'token_reuse'] as const
export type Counts = Readonly<Record<(typeof COUNTED)[number], number>>

/** What a process of the application is told. */
export type ToApplication =
  | { readonly kind: 'start'; readonly store: StoreConfig }
  /** Requests that wait at this gate go on. */
  | { readonly kind: 'open'; readonly gate: string }
  /** The store call of this number goes on. */
  | { readonly kind: 'go'; readonly call: number }
  /** From now on its clock is ahead by so many milliseconds. */
  | { readonly kind: 'clock'; readonly offset: number }
  | { readonly kind: 'count' }
  | { readonly kind: 'stop' }

/** What it says. */
export type FromApplication =
  /** It listens, and the store's notices reach it. */
  | { readonly kind: 'ready'; readonly port: number }
  | { readonly kind: 'arrived'; readonly gate: string }
  /** A call that belongs to this race is kept back. */
  | {
      readonly kind: 'call'
      readonly call: number
      readonly race: string
      readonly operation: string
    }
  | { readonly kind: 'clock' }
  | { readonly kind: 'count'; readonly counts: Counts }
