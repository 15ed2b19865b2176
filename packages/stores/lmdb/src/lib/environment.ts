import { open, type Database, type RootDatabase } from 'lmdb'

const BINARY = { encoding: 'binary', keyEncoding: 'binary' } as const

/**
 * `overlappingSync: false`: a commit has been flushed (fdatasync) when it returns. A fixed map is address space, not
 * disk: it spares every process the remapping that a growing one needs when another process has grown the file.
 */
const OPTIONS = {
  ...BINARY,
  noSubdir: false,
  maxDbs: 8,
  maxReaders: 512,
  mapSize: 2 ** 36,
  overlappingSync: false,
  eventTurnBatching: false,
  permissionsMode: 0o600,
}

export type Table = Database<Buffer, Buffer>

/** An open LMDB environment with our five tables. */
export interface Environment {
  readonly root: RootDatabase<Buffer, Buffer>
  /** 22-byte session id → encoded record. */
  readonly records: Table
  /** Subject hash, session id → nothing. */
  readonly subjects: Table
  /** Instant, session id → nothing. */
  readonly due: Table
  /** Subject hash → barrier; instant, subject hash → epoch. */
  readonly barriers: Table
  /** Layout version and revocation counters. */
  readonly meta: Table
}

/** Opens the folder at `path`; null if it holds an LMDB environment without our tables. */
export function openEnvironment(path: string, create = false): Environment | null {
  const root = open<Buffer, Buffer>(path, OPTIONS)
  const options = { ...BINARY, create }
  // Undefined where there is no such table: the package's types leave that out.
  const table = (name: string): Table | undefined => root.openDB(name, options)
  try {
    const [records, subjects, due] = [table('records'), table('subjects'), table('due')]
    const [barriers, meta] = [table('barriers'), table('meta')]
    if (records && subjects && due && barriers && meta)
      return { root, records, subjects, due, barriers, meta }
  } catch (error) {
    closeRoot(root)
    throw error
  }
  closeRoot(root)
  return null
}

/** Closes at once: nothing is ever written but in synchronous transactions, so nothing is outstanding. */
export function closeEnvironment({ root }: Environment): void {
  closeRoot(root)
}

function closeRoot(root: RootDatabase<Buffer, Buffer>): void {
  // The promise has been kept by the time it is returned.
  void root.close()
}
