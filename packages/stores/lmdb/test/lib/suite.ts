import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { type StoreCase, storeCases, type StoreSuiteOptions } from '@holdfast/conformance/store'
import type { SessionStore } from '@holdfast/core/store'
import { lmdbStore } from '../../src/index.js'

const folders = new Map<SessionStore, string>()

function openIn(folder: string): SessionStore {
  const store = lmdbStore(folder)
  folders.set(store, folder)
  return store
}

/** How long the random cases are. */
type Lengths = Pick<StoreSuiteOptions, 'propertyRuns' | 'schedules' | 'rounds'>

/** The promises are made for 10,000 schedules: `HOLDFAST_SCHEDULES=10000`. */
const SCHEDULES = Number(process.env['HOLDFAST_SCHEDULES'] ?? 600)

const LENGTHS: Lengths = { propertyRuns: 300, schedules: SCHEDULES, rounds: 200 }

/** Runs the conformance cases whose names `takes` accepts. */
export function runCases(
  takes: (name: string) => boolean,
  makeCases: (options: StoreSuiteOptions) => readonly StoreCase[] = storeCases,
  lengths: Lengths = LENGTHS,
): void {
  const cases = makeCases({
    open: () => openIn(join(mkdtempSync(join(tmpdir(), 'holdfast-lmdb-')), 'data')),
    async reopen(store) {
      await store.close()
      return openIn(folders.get(store) ?? '')
    },
    async dispose(store) {
      await store.close()
      rmSync(dirname(folders.get(store) ?? ''), { recursive: true })
    },
    ...lengths,
  })
  for (const { name, skip, run } of cases) if (takes(name)) test(name, { skip: skip ?? false }, run)
}
