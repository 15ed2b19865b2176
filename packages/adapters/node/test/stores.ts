import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SessionStore } from '@holdfast/core/store'
import { lmdbStore } from '@holdfast/lmdb'

const parent = mkdtempSync(join(process.env['HOLDFAST_TEST_TMP'] ?? tmpdir(), 'adapter-'))
process.on('exit', () => rmSync(parent, { recursive: true, force: true }))

/** An lmdb store in a folder of its own, which is gone when the process ends. */
export function newLmdbStore(): SessionStore {
  return lmdbStore(mkdtempSync(join(parent, 'store-')))
}
