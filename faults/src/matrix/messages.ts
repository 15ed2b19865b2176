import type { StoreConfig } from '../stores.js'

/** The two columns of the matrix: the cache as it is by default, and none. */
export const COLUMNS = ['cached', 'uncached'] as const
export type Column = (typeof COLUMNS)[number]

/** A page of the application that has nothing to do with sessions. */
export const PING = '/ping'

/** What the application's process tells the one that has started it. */
export type FromApp =
  | { readonly kind: 'ready'; readonly ports: Readonly<Record<Column, number>> }
  /** Whether this column's store hears of every change. */
  | { readonly kind: 'channel'; readonly column: Column; readonly healthy: boolean }
  /** What would have ended the process. */
  | { readonly kind: 'crash'; readonly error: string }

export interface ToApp {
  readonly store: StoreConfig
}
