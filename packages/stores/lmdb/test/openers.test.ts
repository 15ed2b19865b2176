import assert from 'node:assert/strict'
import { once } from 'node:events'
import test from 'node:test'
import { newPath, openStore } from './lib/folders.js'
import { forkScript } from './lib/processes.js'
import { newRecord } from '@holdfast/conformance/records'

const OPENERS = 2
const DURATION = Number(process.env['HOLDFAST_OPENERS_MS'] ?? 3000)

test('processes that open the folder take back nothing that another writes meanwhile', async (t) => {
  const path = newPath(t)
  const store = openStore(t, path)
  const openers = Array.from({ length: OPENERS }, () => forkScript(t, 'openers', [path]))
  await Promise.all(openers.map((opener) => once(opener, 'message')))
  const end = Date.now() + DURATION
  let writes = 0
  for (const now = Date.now(); Date.now() < end; writes++) {
    const record = newRecord({ subject: `user-${writes % 50}` })
    assert.equal((await store.insert(record, { now, limit: null })).status, 'inserted')
    assert.deepEqual(store.find(record.id), record)
    if (writes % 2 === 0) await store.sweep(now + 1e9, 5)
  }
  assert.ok(openers.every(({ exitCode, signalCode }) => exitCode === null && signalCode === null))
  // They would go on making files in a folder that is being removed.
  const gone = openers.map((opener) => once(opener, 'exit'))
  for (const opener of openers) opener.kill('SIGKILL')
  await Promise.all(gone)
  t.diagnostic(`${writes} writes beside ${OPENERS} processes that open and close all the time`)
})
