import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SessionStore } from '@holdfast/core/store'
import { lmdbStore } from '@holdfast/lmdb'

/** An lmdb store in a folder that is gone when the process ends. */
export function newLmdbStore(): SessionStore {
  const folder = mkdtempSync(join(process.env['HOLDFAST_TEST_TMP'] ?? tmpdir(), 'adapter-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return lmdbStore(folder)
}
