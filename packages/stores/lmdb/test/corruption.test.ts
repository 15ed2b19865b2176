import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import {
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import test, { after, type TestContext } from 'node:test'
import { open } from 'lmdb'
import { lmdbStore } from '../src/index.js'
import { closeEnvironment, openEnvironment } from '../src/lib/environment.js'
import { writeLayout } from '../src/lib/layout.js'
import { newPath } from './lib/folders.js'
import { runScript } from './lib/processes.js'
import { ANY, newRecord } from '@holdfast/conformance/records'

const CORRUPT = /^ERR_SESSION_STORE_CORRUPT .*(Restore the folder|damaged)/
const UNSUPPORTED = /^ERR_SESSION_STORE_UNSUPPORTED .*Upgrade/
const UNAVAILABLE = /^ERR_SESSION_STORE_UNAVAILABLE /
const FINE = /^ok$/
const PAGE = 4096

/** What is done to a folder with 300 sessions, and how it then opens. */
const CASES: readonly [string, (folder: string) => void, RegExp][] = [
  ['nothing', () => undefined, FINE],
  ['an empty file', (folder) => truncateSync(join(folder, 'data.mdb'), 0), CORRUPT],
  ['random bytes', (folder) => overwrite(folder, 0, randomBytes(sizeOf(folder))), CORRUPT],
  ['zeros', (folder) => overwrite(folder, 0, Buffer.alloc(sizeOf(folder))), CORRUPT],
  ['a text', (folder) => writeFileSync(join(folder, 'data.mdb'), 'hello'), CORRUPT],
  ['no first meta page', (folder) => overwrite(folder, 0, Buffer.alloc(PAGE)), CORRUPT],
  ['no second meta page', (folder) => overwrite(folder, PAGE, Buffer.alloc(PAGE)), CORRUPT],
  ['cut after one page', (folder) => truncateSync(join(folder, 'data.mdb'), PAGE), CORRUPT],
  [
    'cut after the meta pages',
    (folder) => truncateSync(join(folder, 'data.mdb'), PAGE * 2),
    CORRUPT,
  ],
  ['cut in half', (folder) => truncateSync(join(folder, 'data.mdb'), sizeOf(folder) / 2), CORRUPT],
  [
    'random pages',
    (folder) => overwrite(folder, PAGE * 2, randomBytes(sizeOf(folder) - PAGE * 2)),
    CORRUPT,
  ],
  [
    'zero pages',
    (folder) => overwrite(folder, PAGE * 2, Buffer.alloc(sizeOf(folder) - PAGE * 2)),
    CORRUPT,
  ],
  ['a newer LMDB format', (folder) => setDataVersion(folder, 3), UNSUPPORTED],
  ['an older LMDB format', (folder) => setDataVersion(folder, 1), CORRUPT],
  ['a newer layout', setLayout(2), UNSUPPORTED],
  ['no layout', setLayout(0), CORRUPT],
  ['another LMDB file', makeForeign, CORRUPT],
  ['no data file', (folder) => rmSync(join(folder, 'data.mdb')), CORRUPT],
  ['a data file that is a link', (folder) => makeLink(folder, 'data.mdb'), UNAVAILABLE],
  ['a lock file that is a link', (folder) => makeLink(folder, 'lock.mdb'), UNAVAILABLE],
  ['a data file that is a folder', (folder) => makeFolder(folder, 'data.mdb'), UNAVAILABLE],
  ['no lock file', (folder) => rmSync(join(folder, 'lock.mdb')), FINE],
  ['an empty lock file', (folder) => truncateSync(join(folder, 'lock.mdb'), 0), FINE],
  [
    'a random lock file',
    (folder) => writeFileSync(join(folder, 'lock.mdb'), randomBytes(8192)),
    FINE,
  ],
  ['no turnstile', (folder) => rmSync(join(folder, 'turnstile.mdb')), FINE],
  ['an empty turnstile', (folder) => truncateSync(join(folder, 'turnstile.mdb'), 0), CORRUPT],
  ['a turnstile that is a link', (folder) => makeLink(folder, 'turnstile.mdb'), UNAVAILABLE],
  [
    'a folder that is a file',
    (folder) => replaceBy(folder, () => writeFileSync(folder, '')),
    UNAVAILABLE,
  ],
  [
    'a folder that is a link',
    (folder) => replaceBy(folder, () => symlinkSync(`${folder}.moved`, folder)),
    UNAVAILABLE,
  ],
]

const good = await makeGood()
after(() => rmSync(dirname(good), { recursive: true }))

for (const [name, damage, expected] of CASES) {
  test(`${name}: the folder opens or says why not, and no process dies of it`, async (t) => {
    const folder = copyOfGood(t)
    damage(folder)
    const { signal, message } = await runScript(t, 'opener', [folder])
    assert.equal(signal, null)
    assert.match(String(message), expected)
    if (expected !== FINE) assert.ok(String(message).includes(dirname(folder)), String(message))
  })
}

test('a data file that is short of pages nobody uses is whole', async (t) => {
  const folder = copyOfGood(t)
  const file = join(folder, 'data.mdb')
  // As LMDB leaves it: the last page was taken and freed within one transaction, and never written.
  const bytes = readFileSync(file)
  for (const meta of [0, PAGE])
    bytes.writeBigUInt64LE(bytes.readBigUInt64LE(meta + 144) + 3n, meta + 144)
  writeFileSync(file, bytes)
  const { message } = await runScript(t, 'opener', [folder])
  assert.equal(message, 'ok')
})

async function makeGood(): Promise<string> {
  const folder = newPath()
  const store = lmdbStore(folder)
  const now = Date.now()
  const long = new Map([['app:long', JSON.stringify('x'.repeat(9000))]])
  const records = Array.from({ length: 300 }, (_, at) =>
    newRecord({ subject: `user-${at}`, ...(at % 100 === 0 ? { data: long } : {}) }),
  )
  await Promise.all(records.map((record) => store.insert(record, { now, ...ANY })))
  await store.close()
  return folder
}

function copyOfGood(t: TestContext): string {
  const folder = newPath(t)
  cpSync(good, folder, { recursive: true })
  return folder
}

function sizeOf(folder: string): number {
  return statSync(join(folder, 'data.mdb')).size
}

function overwrite(folder: string, at: number, bytes: Buffer): void {
  const file = join(folder, 'data.mdb')
  const content = readFileSync(file)
  bytes.copy(content, at)
  writeFileSync(file, content)
}

function setDataVersion(folder: string, version: number): void {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(version)
  for (const meta of [0, PAGE]) overwrite(folder, meta + 28, bytes)
}

function setLayout(version: number): (folder: string) => void {
  return (folder) => {
    const environment = openEnvironment(folder)
    assert.ok(environment)
    writeLayout(environment, version)
    closeEnvironment(environment)
  }
}

function makeForeign(folder: string): void {
  rmSync(folder, { recursive: true })
  const root = open(folder, { noSubdir: false, overlappingSync: false })
  root.putSync('some', 'thing')
  void root.close()
}

function makeLink(folder: string, name: string): void {
  renameSync(join(folder, name), join(folder, 'elsewhere'))
  symlinkSync(join(folder, 'elsewhere'), join(folder, name))
}

function makeFolder(folder: string, name: string): void {
  rmSync(join(folder, name))
  mkdirSync(join(folder, name))
}

function replaceBy(folder: string, make: () => void): void {
  cpSync(folder, `${folder}.moved`, { recursive: true })
  rmSync(folder, { recursive: true })
  make()
}
