import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { newFolder } from '@holdfast/test-servers/process'
import type { StoreConfig } from '../stores.js'
import type { StoreServer } from './server.js'
import type { Tmpfs } from './tmpfs.js'

/** A folder of lmdb's. There is no server: what can fail is the processes that use it, and the disk. */
export class LmdbFolder implements StoreServer {
  readonly port = 0
  readonly #folder: string
  readonly #disk: Tmpfs | null

  constructor(disk: Tmpfs | null = null) {
    this.#disk = disk
    this.#folder = disk?.folder ?? newFolder('lmdb')
  }

  config(): StoreConfig {
    return { kind: 'lmdb', path: join(this.#folder, 'store') }
  }

  answer(): Promise<void> {
    return Promise.resolve()
  }

  remove(): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true })
    this.#disk?.remove()
    return Promise.resolve()
  }

  start(): Promise<void> {
    return none()
  }

  kill(): Promise<void> {
    return none()
  }

  freeze(): Promise<void> {
    return none()
  }

  thaw(): void {
    return undefined
  }

  wipe(): Promise<void> {
    return none()
  }

  dropPush(): Promise<void> {
    return none()
  }
}

function none(): Promise<void> {
  return Promise.reject(new Error('lmdb has no server'))
}
