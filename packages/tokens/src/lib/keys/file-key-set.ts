import type { Clock } from '@holdfast/core'
import { TokenError } from '../errors.js'
import { checkOptions, wholeOption } from '../options.js'
import { type DatedKey, planRotation, type RotateOptions, type RotationRules } from './dated-key.js'
import { KeyFolder } from './key-folder.js'
import type { KeySet } from './key-set.js'
import { rotationRules } from './rotation-rules.js'
import type { SigningAlgorithm, SigningKey, VerificationKey } from './signing-key.js'
import { type KeyInfo, type KeyView, viewAt } from './timeline.js'

export interface FileKeySetOptions {
  /** Of keys that are made from now on. Default `'EdDSA'`. */
  readonly algorithm?: SigningAlgorithm
  /**
   * Milliseconds for which a new key is published before it signs: longer than whoever verifies keeps the published keys.
   * Default 600,000.
   */
  readonly publishAhead?: number
  /** Milliseconds after which the folder is looked at again for what other processes changed. Default 1,000. */
  readonly reloadInterval?: number
  /** Default `Date.now`. */
  readonly now?: Clock
}

/** A key set that is replaced in passing, while it is used. */
export interface RotatingKeySet extends KeySet {
  /** The keys with their states, oldest first, without anything secret. */
  list(): readonly KeyInfo[]
}

/** A key set in a folder, for all processes of one host. */
export interface FileKeySet extends RotatingKeySet {
  /**
   * Adds the next key, which signs after `publishAhead`, and deletes those whose last token is over. Does nothing while a
   * key waits to sign, so that each process may call it, at once or by a schedule.
   */
  rotate(options?: RotateOptions): readonly KeyInfo[]
}

/** After a `kid` that is not known, the folder is looked at again, but not more often than this. */
const AFTER_UNKNOWN = 100

/**
 * Keeps the keys as private JWKs in `folder`, each in a file of its own (mode 0600), and makes the first one. Throws
 * `ERR_TOKEN_KEY_INVALID` for a folder or file that other users may open, and for one that holds something else.
 */
export function fileKeySet(folder: string, options: FileKeySetOptions = {}): FileKeySet {
  return new FolderKeySet(folder, options)
}

class FolderKeySet implements FileKeySet {
  readonly #folder: KeyFolder
  readonly #rules: RotationRules
  readonly #reloadInterval: number
  readonly #now: Clock
  #view: KeyView
  #readAt: number

  constructor(folder: string, options: FileKeySetOptions) {
    checkOptions(options, ['algorithm', 'publishAhead', 'reloadInterval', 'now'])
    const { reloadInterval = 1000 } = options
    this.#rules = rotationRules(options)
    this.#reloadInterval = wholeOption(reloadInterval, 'reloadInterval', 0, 60_000)
    this.#now = options.now ?? Date.now
    this.#folder = new KeyFolder(folder)
    // Where another process was faster, its key is the first.
    if (this.#folder.read().length === 0) this.#add()
    this.#readAt = this.#now()
    this.#view = viewAt(this.#readKeys(), this.#readAt)
  }

  get current(): SigningKey {
    return this.#fresh().current
  }

  find(kid: string): VerificationKey | undefined {
    const found = this.#fresh().find(kid)
    if (found !== undefined || this.#now() - this.#readAt < AFTER_UNKNOWN) return found
    return this.#read().find(kid)
  }

  jwks(): ReturnType<KeySet['jwks']> {
    return this.#fresh().jwks()
  }

  list(): readonly KeyInfo[] {
    return this.#fresh().keys
  }

  rotate(options: RotateOptions = {}): readonly KeyInfo[] {
    checkOptions(options, ['compromised'])
    const added = this.#add(options)
    const { over } = this.#read()
    this.#folder.remove(options.compromised === true ? olderThan(added, this.#folder) : over)
    return this.#read().keys
  }

  /** The generation that was added; 0 where another process has just done so, or a key waits to sign. */
  #add(options: RotateOptions = {}): number {
    for (;;) {
      const key = planRotation(this.#folder.read(), this.#now(), this.#rules, options)
      if (key === null) return 0
      if (this.#folder.add(key)) return key.generation
      // What another process added will do, unless all that is there has to go.
      if (options.compromised !== true) return 0
    }
  }

  #fresh(): KeyView {
    const now = this.#now()
    const age = now - this.#readAt
    // A clock that was set back makes what was read young for long.
    if (age >= this.#reloadInterval || age < 0) return this.#read()
    return now >= this.#view.since && now < this.#view.until ? this.#view : this.#read()
  }

  #read(): KeyView {
    const now = this.#now()
    this.#view = viewAt(this.#readKeys(), now)
    this.#readAt = now
    return this.#view
  }

  #readKeys(): readonly DatedKey[] {
    const keys = this.#folder.read()
    if (keys.length > 0) return keys
    throw new TokenError('ERR_TOKEN_KEY_INVALID', 'the folder of signing keys is empty')
  }
}

function olderThan(generation: number, folder: KeyFolder): readonly number[] {
  return folder.read().flatMap((key) => (key.generation < generation ? [key.generation] : []))
}
