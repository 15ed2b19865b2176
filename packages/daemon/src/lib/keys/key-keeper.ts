import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { type KeyInput, SessionError } from '@holdfast/core'
import { KeyRing } from '@holdfast/core/engine'
import type { KeyList } from '../parts.js'
import { createQueue, type Queue } from '../queue.js'
import type { Settings } from '../settings.js'
import { type ManagedKey, MOST_KEYS, readKeyFile, writeKeyFile } from './key-file.js'

/**
 * Hands a ring, newest first, to every process, and resolves when each has taken it. Never rejects: a process that does not answer is
 * ended, and the one that takes its place begins with the ring as it is then.
 */
export type Distribute = (ring: readonly KeyInput[]) => Promise<void>

/**
 * The key ring of the daemon: the operator's own, or keys in `state/keys.json` that are made here. Changes reach each process in two
 * steps, first to verify by and then to sign with, so that no process meets a token that it cannot verify.
 */
export class KeyKeeper {
  readonly #file: string
  readonly #distribute: Distribute
  readonly #now: () => number
  readonly #exclusively: Queue = createQueue()
  #own: readonly KeyInput[] | null
  #managed: readonly ManagedKey[]
  #ring: readonly KeyInput[]

  /** Makes the first key where there is none. Errors: `ERR_SESSION_KEY_INVALID`. */
  constructor({ state, keys }: Settings, distribute: Distribute, now: () => number = Date.now) {
    this.#file = join(state, 'keys.json')
    this.#distribute = distribute
    this.#now = now
    this.#own = keys
    this.#managed = keys === null ? this.#readOrMake() : []
    this.#ring = this.#target()
  }

  /** What a process that starts now gets, newest first. */
  get ring(): readonly KeyInput[] {
    return this.#ring
  }

  list(): KeyList {
    const ids = idsOf(this.#ring)
    const createdAt = new Map(this.#managed.map((each) => [each.key, each.createdAt]))
    const keys = this.#ring.map((key, index) => ({
      id: ids[index] ?? '',
      createdAt: typeof key === 'string' ? (createdAt.get(key) ?? null) : null,
      signs: index === 0,
    }))
    return { managed: this.#own === null, keys }
  }

  /** A new key signs from now on. Errors: `ERR_SESSION_CONFIG` where the keys are the operator's, or a process does not answer. */
  rotate(): Promise<KeyList> {
    return this.#exclusively(async () => {
      this.#refuseOwn('add the new key as the first line of the file that keys.file names')
      const key = { key: randomBytes(32).toString('base64url'), createdAt: this.#now() }
      if (this.#managed.length >= MOST_KEYS)
        throw refused(`there are ${MOST_KEYS} keys already; retire the oldest first`)
      const before = this.#ring
      await this.#spread([...before, key.key])
      try {
        // Durable before anything is signed with it: a restart must know it.
        writeKeyFile(this.#file, [key, ...this.#managed])
      } catch (error) {
        await this.#spread(before)
        throw error
      }
      this.#managed = [key, ...this.#managed]
      await this.#spread(this.#target())
      return this.list()
    })
  }

  /** Forgets a key: its tokens are refused from now on. Errors: `ERR_SESSION_CONFIG`. */
  retire(id: string): Promise<KeyList> {
    return this.#exclusively(async () => {
      this.#refuseOwn('remove its line from the file that keys.file names')
      const index = idsOf(this.#ring).indexOf(id)
      if (index === -1)
        throw refused('there is no key of this name; `holdfast keys list` shows them')
      if (index === 0) throw refused('this key signs; rotate the keys first')
      const rest = this.#managed.filter((_, at) => at !== index)
      writeKeyFile(this.#file, rest)
      this.#managed = rest
      await this.#spread(this.#target())
      return this.list()
    })
  }

  /**
   * Goes over to the keys of new settings, in which `start` brings up the processes of the new settings. The old ones verify by the
   * new keys first, and know their own until they end. Where `start` fails, the old ring holds again.
   */
  adopt({ keys }: Settings, start: () => Promise<void>): Promise<void> {
    return this.#exclusively(async () => {
      const [ring, own, managed] = [this.#ring, this.#own, this.#managed]
      try {
        this.#own = keys
        this.#managed = keys === null ? this.#readOrMake() : []
        const target = this.#target()
        await this.#spread([...ring, ...target.filter((key) => !ring.includes(key))])
        this.#ring = target
        await start()
      } catch (error) {
        this.#own = own
        this.#managed = managed
        await this.#spread(ring)
        throw error
      }
    })
  }

  async #spread(ring: readonly KeyInput[]): Promise<void> {
    this.#ring = ring
    await this.#distribute(ring)
  }

  #target(): readonly KeyInput[] {
    return this.#own ?? this.#managed.map(({ key }) => key)
  }

  #readOrMake(): readonly ManagedKey[] {
    const keys = readKeyFile(this.#file) ?? this.#make()
    idsOf(keys.map(({ key }) => key))
    return keys
  }

  #make(): readonly ManagedKey[] {
    const keys = [{ key: randomBytes(32).toString('base64url'), createdAt: this.#now() }]
    writeKeyFile(this.#file, keys)
    return keys
  }

  #refuseOwn(remedy: string): void {
    if (this.#own === null) return
    throw refused(`the keys are your own: ${remedy}, and reload`)
  }
}

/** The public names. Errors: `ERR_SESSION_KEY_INVALID`. */
function idsOf(ring: readonly KeyInput[]): readonly string[] {
  return new KeyRing(ring, '').keys.map(({ id }) => id)
}

function refused(message: string): SessionError {
  return new SessionError('ERR_SESSION_CONFIG', message)
}
