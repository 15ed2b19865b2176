import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { lmdbStore, type LmdbStore, type LmdbStoreOptions } from '../../src/index.js'

/** A path for a folder that does not exist yet; removed after the test. */
export function newPath(t?: TestContext): string {
  const base = mkdtempSync(join(process.env['HOLDFAST_TEST_TMP'] ?? tmpdir(), 'lmdb-'))
  t?.after(() => rmSync(base, { recursive: true, force: true }))
  return join(base, 'data')
}

/** A store that is closed after the test. */
export function openStore(t: TestContext, path: string, options?: LmdbStoreOptions): LmdbStore {
  const store = lmdbStore(path, options)
  t.after(() => store.close())
  return store
}
