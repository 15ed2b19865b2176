import type { StoreConfig } from '../stores.js'

/** What workers keep their sessions in: a server, several, or a folder. */
export interface Place {
  readonly port: number
  /** What a worker needs to know to open the store at this port. */
  config(port: number): StoreConfig
  /** Stops what runs and removes its folders. */
  remove(): Promise<void>
}

/** A store's server as the scenarios use it. */
export interface StoreServer extends Place {
  /** Starts it on what its folder holds; returns when it answers. */
  start(): Promise<void>
  /** kill -9; returns when it is gone. */
  kill(): Promise<void>
  freeze(): Promise<void>
  thaw(): void
  /** Returns when it answers; starts it if it has ended by itself. */
  answer(): Promise<void>
  /** Makes it forget all: it must not run. */
  wipe(): Promise<void>
  /** Ends the connections over which changes are pushed. */
  dropPush(): Promise<void>
}
