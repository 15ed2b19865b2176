import assert from 'node:assert/strict'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { lmdbStore } from '../src/index.js'
import { newPath, openStore } from './lib/folders.js'
import { runScript } from './lib/processes.js'
import { ANY, newRecord } from '@holdfast/conformance/records'

const NOBODY = 65_534
const ROOT_ONLY = process.getuid?.() === 0 ? false : 'needs root, to run as another user'

function modeOf(path: string): string {
  return (statSync(path).mode & 0o7777).toString(8)
}

const FILES = ['data.mdb', 'lock.mdb', 'turnstile.mdb', 'turnstile.mdb-lock']

function modesIn(folder: string): string[] {
  return [folder, ...FILES.map((file) => join(folder, file))].map(modeOf)
}

test('a new folder and its files are for their owner alone, whatever the umask', async (t) => {
  const before = process.umask(0)
  t.after(() => process.umask(before))
  const path = newPath(t)
  const store = openStore(t, path)
  await store.insert(newRecord(), { now: Date.now(), ...ANY })
  assert.deepEqual(modesIn(path), ['700', '600', '600', '600', '600'])
})

test('a folder of ours that is open to others is closed to them', async (t) => {
  const path = newPath(t)
  await lmdbStore(path).close()
  chmodSync(path, 0o755)
  for (const file of FILES) chmodSync(join(path, file), 0o664)
  openStore(t, path)
  assert.deepEqual(modesIn(path), ['700', '600', '600', '600', '600'])
})

test('a folder that everyone shares is refused', (t) => {
  const path = newPath(t)
  mkdirSync(path)
  chmodSync(path, 0o1777)
  assert.throws(() => lmdbStore(path), {
    code: 'ERR_SESSION_STORE_UNAVAILABLE',
    message: /shared by everyone/,
  })
  assert.equal(modeOf(path), '1777')
})

/** Under `/tmp`: the folder of the test run may be closed to other users. */
function folderForNobody(t: TestContext): string {
  const base = mkdtempSync('/tmp/lmdb-')
  t.after(() => rmSync(base, { recursive: true, force: true }))
  chmodSync(base, 0o755)
  return join(base, 'data')
}

function openAsNobody(t: TestContext, path: string): Promise<unknown> {
  return runScript(t, 'opener', [path], NOBODY).then(({ message }) => message)
}

test('a folder that cannot be written is unavailable', { skip: ROOT_ONLY }, async (t) => {
  const path = folderForNobody(t)
  assert.match(
    String(await openAsNobody(t, path)),
    /^ERR_SESSION_STORE_UNAVAILABLE .*owner and mode/,
  )
})

test('a folder that belongs to another user is left as it is', { skip: ROOT_ONLY }, async (t) => {
  const path = folderForNobody(t)
  mkdirSync(path)
  chmodSync(path, 0o777)
  assert.match(String(await openAsNobody(t, path)), /^ERR_SESSION_STORE_UNAVAILABLE .*another user/)
  assert.equal(modeOf(path), '777')
})

for (const file of FILES) {
  test(`a ${file} that cannot be written is unavailable`, { skip: ROOT_ONLY }, async (t) => {
    const path = folderForNobody(t)
    await lmdbStore(path).close()
    chownSync(path, NOBODY, NOBODY)
    for (const each of FILES) chownSync(join(path, each), NOBODY, NOBODY)
    assert.equal(await openAsNobody(t, path), 'ok')
    chmodSync(join(path, file), 0o400)
    assert.match(
      String(await openAsNobody(t, path)),
      /^ERR_SESSION_STORE_UNAVAILABLE .*owner and mode/,
    )
  })
}
