import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { SessionError } from '@holdfast/core'
import type { SessionRecord, SessionStore } from '@holdfast/core/store'
import { lmdbStore } from '../src/index.js'
import { newPath } from './lib/folders.js'
import { ANY, newRecord } from '@holdfast/conformance/records'

const ROOT_ONLY = process.getuid?.() === 0 ? false : 'needs root, to mount a small disk'
const now = Date.now()

/** A disk of 3 MiB; skips the test where mounting is not allowed. */
function smallDisk(t: TestContext): string | null {
  const path = dirname(newPath())
  const disk = join(path, 'disk')
  mkdirSync(disk)
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=3m,mode=700', 'tmpfs', disk], {
      stdio: 'ignore',
    })
  } catch {
    t.skip('mounting is not allowed here')
    rmSync(path, { recursive: true })
    return null
  }
  t.after(() => {
    execFileSync('/bin/umount', [disk])
    rmSync(path, { recursive: true })
  })
  return disk
}

async function fillUp(store: SessionStore): Promise<{ kept: SessionRecord[]; error: unknown }> {
  const kept: SessionRecord[] = []
  for (;;) {
    const record = newRecord({ data: new Map([['app:x', JSON.stringify('x'.repeat(20_000))]]) })
    try {
      await store.insert(record, { now, ...ANY })
      kept.push(record)
    } catch (error) {
      return { kept, error }
    }
  }
}

test(
  'a full disk fails the write, loses nothing, and is forgotten once there is room',
  { skip: ROOT_ONLY },
  async (t) => {
    const disk = smallDisk(t)
    if (disk === null) return
    writeFileSync(join(disk, 'ballast'), Buffer.alloc(500_000))
    const path = join(disk, 'data')
    let store = lmdbStore(path)
    const { kept, error } = await fillUp(store)
    assert.ok(error instanceof SessionError)
    t.diagnostic(`${kept.length} records of 20 kB fitted; then ${error.code}: ${error.message}`)
    assert.equal(error.code, 'ERR_SESSION_STORE_UNAVAILABLE')
    assert.match(error.message, /full/)
    assert.equal(error.retryable, true)
    for (const record of kept) assert.deepEqual(store.find(record.id), record)
    await store.close()
    store = lmdbStore(path)
    for (const record of kept) assert.deepEqual(store.find(record.id), record)
    rmSync(join(disk, 'ballast'))
    const record = newRecord()
    assert.equal((await store.insert(record, { now, ...ANY })).status, 'inserted')
    const ending = { at: now, reason: 'logout' }
    assert.equal(await store.revoke({ kind: 'session', id: kept[0]?.id ?? '' }, ending), 1)
    await store.close()
  },
)

test('a folder that cannot be made for want of space says so', { skip: ROOT_ONLY }, (t) => {
  const disk = smallDisk(t)
  if (disk === null) return
  writeFileSync(join(disk, 'ballast'), Buffer.alloc(3 * 2 ** 20 - 8192))
  assert.throws(() => lmdbStore(join(disk, 'data')), {
    code: 'ERR_SESSION_STORE_UNAVAILABLE',
    message: /full/,
  })
})
