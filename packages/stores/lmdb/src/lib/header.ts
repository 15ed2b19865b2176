import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { corrupt, unsupported } from './failures.js'
import { areTreesWhole } from './pages.js'

/** Offsets in an LMDB meta page (mdb.c: MDB_page_header, MDB_meta, MDB_db), 64-bit, data version 2. */
const FLAGS_AT = 18
const MAGIC_AT = 24
const VERSION_AT = 28
const PAGE_SIZE_AT = 48
const FREE_ROOT_AT = 88
const MAIN_ROOT_AT = 136
const LAST_PAGE_AT = 144
const TRANSACTION_AT = 152
const META_BYTES = 160

const META_FLAG = 8
const MAGIC = 0xbeefc0de
const DATA_VERSION = 2
const PAGE_SIZES = new Set([4096, 8192, 16_384, 32_768, 65_536])

/**
 * Checks what LMDB itself does not: it maps the file and trusts it, so that a cut or damaged one ends the process with
 * SIGBUS or SIGSEGV, and one with a wiped meta page silently shows an older state. Nobody may be committing meanwhile.
 */
export function checkDataFile(file: string): void {
  const handle = openSync(file, 'r')
  try {
    const { size } = fstatSync(handle)
    if (size === 0) throw corrupt(file, 'the file is empty')
    const first = readMeta(handle, 0, file)
    const pageSize = first.readUInt32LE(PAGE_SIZE_AT)
    if (!PAGE_SIZES.has(pageSize)) throw corrupt(file, 'the first meta page is damaged')
    const second = readMeta(handle, pageSize, file)
    if (second.readUInt32LE(PAGE_SIZE_AT) !== pageSize)
      throw corrupt(file, 'the second meta page is damaged')
    const meta = transaction(first) > transaction(second) ? first : second
    const pages = Math.floor(size / pageSize)
    // A page at the end that was freed in the transaction that took it is never written: a file that is short by such
    // pages is whole, and only a walk tells it from one that was cut.
    const short = meta.readBigUInt64LE(LAST_PAGE_AT) >= BigInt(pages)
    const roots = [FREE_ROOT_AT, MAIN_ROOT_AT].map((at) => meta.readBigUInt64LE(at))
    if (!areTreesWhole({ handle, pageSize, pages }, roots, short))
      throw corrupt(
        file,
        short ? `cut short: ${size} bytes are left` : 'its first pages are damaged',
      )
  } finally {
    closeSync(handle)
  }
}

/** Tells the number of the last committed transaction from the file itself. */
export class CommitCounter {
  readonly #handle: number
  readonly #second: number
  readonly #bytes: Buffer = Buffer.alloc(8)

  constructor(file: string) {
    this.#handle = openSync(file, 'r')
    const size = Buffer.alloc(4)
    readSync(this.#handle, size, 0, size.length, PAGE_SIZE_AT)
    this.#second = size.readUInt32LE()
  }

  last(): number {
    return Math.max(this.#read(0), this.#read(this.#second))
  }

  close(): void {
    closeSync(this.#handle)
  }

  #read(page: number): number {
    readSync(this.#handle, this.#bytes, 0, this.#bytes.length, page + TRANSACTION_AT)
    return Number(this.#bytes.readBigUInt64LE())
  }
}

function readMeta(handle: number, at: number, file: string): Buffer {
  const meta = Buffer.alloc(META_BYTES)
  const which = at === 0 ? 'first' : 'second'
  if (readSync(handle, meta, 0, META_BYTES, at) < META_BYTES) throw corrupt(file, 'cut short')
  if (meta.readUInt16LE(FLAGS_AT) !== META_FLAG || meta.readUInt32LE(MAGIC_AT) !== MAGIC)
    throw corrupt(file, `the ${which} meta page is damaged, or this is not an LMDB file`)
  const version = meta.readUInt32LE(VERSION_AT)
  if (version > DATA_VERSION && version < 64)
    throw unsupported(file, `written in LMDB data version ${version}`)
  if (version !== DATA_VERSION) throw corrupt(file, `LMDB data version ${version} is not readable`)
  return meta
}

function transaction(meta: Buffer): bigint {
  return meta.readBigUInt64LE(TRANSACTION_AT)
}
