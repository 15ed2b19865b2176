import { readSync } from 'node:fs'

/** Offsets in an LMDB page (mdb.c: MDB_page_header, MDB_node, MDB_ovpage, MDB_db), data version 2. */
const PAGE_FLAGS_AT = 18
const LOWER_AT = 20
const HEADER_BYTES = 24
const NODE_BYTES = 8
const OVERFLOW_PAGES_AT = 16
const ROOT_AT = 40

const BRANCH = 1
const LEAF = 2
const BIG_DATA = 1
const SUB_TABLE = 2

/** The root of a table that is empty. */
const NO_PAGE = 2n ** 64n - 1n

/** A data file as far as it goes. */
export interface PagedFile {
  readonly handle: number
  readonly pageSize: number
  /** Whole pages in the file. */
  readonly pages: number
}

/**
 * Whether every page that the trees under `roots` lead to is in the file and is what it should be. `deep`: down to the
 * last value, at the cost of reading the file; else the roots alone.
 */
export function areTreesWhole(file: PagedFile, roots: readonly bigint[], deep: boolean): boolean {
  const open = roots.filter((root) => root !== NO_PAGE).map(Number)
  const buffer = Buffer.alloc(file.pageSize)
  for (let left = file.pages; open.length > 0; left--) {
    const number = open.pop() ?? 0
    if (left < 0 || !isTreePage(readPage(file, number, buffer), number)) return false
    const inner = deep ? nextPages(file, buffer) : []
    if (inner === null) return false
    open.push(...inner)
  }
  return true
}

function readPage({ handle, pageSize, pages }: PagedFile, number: number, into: Buffer): Buffer {
  into.fill(0)
  if (number < pages) readSync(handle, into, 0, pageSize, number * pageSize)
  return into
}

function isTreePage(page: Buffer, number: number): boolean {
  const kind = page.readUInt16LE(PAGE_FLAGS_AT) & (BRANCH | LEAF)
  return page.readBigUInt64LE() === BigInt(number) && (kind === BRANCH || kind === LEAF)
}

/** The pages that this one leads to; null if one of them, or a long value, lies outside the file. */
function nextPages({ pages }: PagedFile, page: Buffer): number[] | null {
  const isBranch = (page.readUInt16LE(PAGE_FLAGS_AT) & BRANCH) !== 0
  const next: number[] = []
  for (const node of nodesOf(page)) {
    if (isBranch) next.push(childOf(page, node))
    else if (!collectFromLeaf(page, node, pages, next)) return null
  }
  return next.every((number) => number < pages) ? next : null
}

/** Where the nodes of a page begin. */
function nodesOf(page: Buffer): number[] {
  const count = Math.min(page.readUInt16LE(LOWER_AT) >> 1, (page.length - HEADER_BYTES) >> 1)
  return Array.from(
    { length: count },
    (_, index) => page.readUInt16LE(HEADER_BYTES + index * 2) + HEADER_BYTES,
  ).filter((node) => node + NODE_BYTES <= page.length)
}

/** A branch node's page number: 48 bits, the top ones where a leaf has its flags. */
function childOf(page: Buffer, node: number): number {
  return page.readUInt32LE(node) + page.readUInt16LE(node + 4) * 2 ** 32
}

function collectFromLeaf(page: Buffer, node: number, pages: number, next: number[]): boolean {
  const flags = page.readUInt16LE(node + 4)
  const data = node + NODE_BYTES + page.readUInt16LE(node + 6)
  if ((flags & BIG_DATA) !== 0) {
    if (data + OVERFLOW_PAGES_AT + 8 > page.length) return false
    const count = page.readBigUInt64LE(data + OVERFLOW_PAGES_AT)
    return page.readBigUInt64LE(data) + count <= BigInt(pages)
  }
  if ((flags & SUB_TABLE) === 0) return true
  if (data + ROOT_AT + 8 > page.length) return false
  const root = page.readBigUInt64LE(data + ROOT_AT)
  if (root !== NO_PAGE) next.push(Number(root))
  return true
}
