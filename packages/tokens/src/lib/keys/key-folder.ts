import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { TokenError } from '../errors.js'
import { type DatedKey, parseKey, serializeKey } from './dated-key.js'

const NAME = /^key-(\d{6})\.json$/
const DRAFT = '.draft-'
const OTHERS = 0o077

/** Drafts that a killed process left, after this many milliseconds. */
const STALE = 60_000

/**
 * The files of a key set: one a key, named by its generation, written whole and never changed.
 *
 * A file comes to its name by a link, which fails where the name is taken: of several processes that add the same
 * generation exactly one does. So there is no lock that a killed process could hold.
 */
export class KeyFolder {
  readonly #path: string
  /** Keys that were read before, by place and text, so that each stays the same object. */
  #known: ReadonlyMap<string, DatedKey> = new Map()

  constructor(path: string) {
    this.#path = path
    mkdirSync(path, { recursive: true, mode: 0o700 })
    this.#refuseOpen(path, 'folder')
  }

  /** The keys that are there, sorted by generation. Each file is read: after a deletion its name is another key's. */
  read(): readonly DatedKey[] {
    const read = new Map<string, DatedKey>()
    try {
      for (const name of this.#names().toSorted()) {
        const text = this.#readFile(name)
        if (text === null) continue
        const place = `${name} ${text}`
        read.set(place, this.#known.get(place) ?? this.#parse(name, text))
      }
    } catch (cause) {
      if (cause instanceof TokenError) throw cause
      const message = `the signing keys in ${this.#path} cannot be read`
      throw new TokenError('ERR_TOKEN_KEYS_UNAVAILABLE', message, { cause, retryable: true })
    }
    this.#known = read
    return [...read.values()]
  }

  /** Adds a key; false where another process has added one of this generation. Durable when it returns. */
  add(key: DatedKey): boolean {
    const draft = join(this.#path, `${DRAFT}${randomBytes(8).toString('hex')}`)
    try {
      writeDurably(draft, serializeKey(key))
      linkSync(draft, join(this.#path, nameOf(key.generation)))
      this.#syncFolder()
      return true
    } catch (error) {
      if (isCode(error, 'EEXIST')) return false
      throw error
    } finally {
      rmSync(draft, { force: true })
    }
  }

  /** Deletes keys, and drafts that nobody is writing any more. */
  remove(generations: readonly number[]): void {
    for (const generation of generations)
      rmSync(join(this.#path, nameOf(generation)), { force: true })
    for (const name of readdirSync(this.#path).filter((each) => each.startsWith(DRAFT))) {
      const draft = join(this.#path, name)
      const stat = lstatSync(draft, { throwIfNoEntry: false })
      if (stat !== undefined && Date.now() - stat.mtimeMs > STALE) rmSync(draft, { force: true })
    }
    this.#syncFolder()
  }

  #names(): readonly string[] {
    return readdirSync(this.#path).filter((name) => NAME.test(name))
  }

  /** Null where another process has just deleted it. */
  #readFile(name: string): string | null {
    const path = join(this.#path, name)
    try {
      this.#refuseOpen(path, 'file')
      return readFileSync(path, 'utf8')
    } catch (error) {
      if (isCode(error, 'ENOENT')) return null
      throw error
    }
  }

  #parse(name: string, text: string): DatedKey {
    const [, generation] = NAME.exec(name) ?? []
    const key = parseKey(Number(generation), text)
    if (key !== null) return key
    const path = join(this.#path, name)
    throw new TokenError('ERR_TOKEN_KEY_INVALID', `${path} holds no signing key of this package`)
  }

  #refuseOpen(path: string, kind: 'file' | 'folder'): void {
    const stat = lstatSync(path)
    const fits = kind === 'file' ? stat.isFile() : stat.isDirectory()
    if (!fits) throw new TokenError('ERR_TOKEN_KEY_INVALID', `${path} is not a plain ${kind}`)
    // Windows has no such modes and shows all files as open.
    if (process.platform === 'win32' || (stat.mode & OTHERS) === 0) return
    const mode = (stat.mode & 0o777).toString(8).padStart(4, '0')
    const remedy = `make it private (chmod ${kind === 'file' ? '600' : '700'}), and replace the keys`
    throw new TokenError(
      'ERR_TOKEN_KEY_INVALID',
      `${path} is open to other users (mode ${mode}): ${remedy} if anybody may have read them`,
    )
  }

  #syncFolder(): void {
    if (process.platform === 'win32') return
    withFile(this.#path, 'r', fsyncSync)
  }
}

function nameOf(generation: number): string {
  return `key-${String(generation).padStart(6, '0')}.json`
}

function writeDurably(path: string, text: string): void {
  withFile(path, 'wx', (file) => {
    writeSync(file, text)
    fsyncSync(file)
  })
}

function withFile(path: string, flags: string, use: (file: number) => void): void {
  const file = openSync(path, flags, 0o600)
  try {
    use(file)
  } finally {
    closeSync(file)
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
