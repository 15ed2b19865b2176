import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { test, type TestContext } from 'node:test'
import type { SessionEvent } from '@holdfast/core'
import { type AuditLog, openAuditLog } from '@holdfast/daemon'
import { freshPath } from './support/folders.js'
import { Visitor } from './support/visitor.js'
import { startWorld } from './support/world.js'

interface Ledger {
  readonly log: AuditLog
  readonly said: string[]
  lost: number
}

function open(path: string, now?: () => number): Ledger {
  const ledger = { said: [] as string[], lost: 0 }
  const log = openAuditLog(path, {
    log: (text) => ledger.said.push(text),
    lost: (count) => {
      ledger.lost += count
    },
    ...(now === undefined ? {} : { now }),
  })
  return Object.assign(ledger, { log })
}

const event = (n: number): SessionEvent => ({
  type: 'session_created',
  at: n,
  tenant: null,
  client: null,
  sessionId: String(n),
  subject: null,
})

const linesOf = (path: string): Record<string, unknown>[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>)

test('what happens over the doors is in the log, a line each, whatever a visitor calls itself', async () => {
  const world = await startWorld()
  const path = freshPath()
  const { log, said } = open(path)
  world.parts.events.subscribe((each) => log.record(each))
  const subject = 'eve\n{"at":"2020","type":"session_created"}\r\u2028\u202e\u0007'
  const agent = { 'user-agent': 'a "quoted" \\ \u0085 one' }
  const visitor = new Visitor()
  await visitor.ask(
    world.shop,
    'POST',
    '/v1/session/authenticate',
    { subject },
    {
      headers: agent,
    },
  )
  await visitor.ask(world.shop, 'POST', '/v1/session/revoke', {})
  await log.close()
  const lines = linesOf(path)
  assert.deepEqual(
    lines.map(({ type }) => type),
    ['session_created', 'session_authenticated', 'session_revoked'],
  )
  for (const line of lines) {
    assert.deepEqual(Object.keys(line).slice(0, 2), ['at', 'type'])
    assert.match(String(line['at']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    assert.equal(line['subject'], subject)
  }
  const text = readFileSync(path, 'utf8')
  assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  assert.equal(visitor.cookie, null)
  assert.deepEqual(said, [])
})

test('the file is for its owner and a group to read, and what was in it stays', async () => {
  const path = freshPath()
  const first = open(path)
  first.log.record(event(1))
  await first.log.close()
  assert.equal(statSync(path).mode & 0o777 & ~0o640, 0)
  const second = open(path)
  second.log.record(event(2))
  await second.log.close()
  assert.deepEqual(
    linesOf(path).map(({ sessionId }) => sessionId),
    ['1', '2'],
  )
})

test('moved away and opened again it loses and doubles no line, in the midst of writing', async () => {
  const path = freshPath()
  const ledger = open(path)
  const { log } = ledger
  const moved: string[] = []
  const reopened: Promise<void>[] = []
  for (let n = 0; n < 2_000; n++) {
    log.record(event(n))
    if (n % 500 === 250) {
      moved.push(`${path}.${n}`)
      renameSync(path, `${path}.${n}`)
      reopened.push(log.reopen())
      await reopened.at(-1)
      assert.equal(linesOf(`${path}.${n}`).at(-1)?.['sessionId'], String(n))
    }
    if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await Promise.all(reopened)
  await log.close()
  const ids = [...moved, path].flatMap((each) => linesOf(each).map(({ sessionId }) => sessionId))
  assert.deepEqual(
    ids,
    Array.from({ length: 2_000 }, (_, n) => String(n)),
  )
  assert.equal(ledger.lost, 0)
})

test('where it cannot be opened again, the old file is used further, and that is said', async () => {
  const path = freshPath()
  const { log, said } = open(path)
  renameSync(path, `${path}.old`)
  await mkdir(path)
  await log.reopen()
  log.record(event(1))
  await log.close()
  assert.equal(linesOf(`${path}.old`).length, 1)
  assert.match(said.join(), /cannot be opened again.*EISDIR/)
})

test('a full disk stops nothing: it is said once a minute, and what is lost is counted', async (t) => {
  if (!existsSync('/dev/full')) return t.skip('this system has no /dev/full')
  let now = 0
  const ledger = open('/dev/full', () => now)
  const turn = async (): Promise<void> => {
    const lost = ledger.lost + 10
    for (let n = 0; n < 10; n++) ledger.log.record(event(n))
    while (ledger.lost < lost) await new Promise((resolve) => setImmediate(resolve))
  }
  await turn()
  await turn()
  assert.equal(ledger.lost, 20)
  assert.equal(ledger.said.length, 1)
  assert.match(ledger.said[0] ?? '', /ENOSPC/)
  now = 61_000
  await turn()
  assert.equal(ledger.said.length, 2)
  assert.match(ledger.said[1] ?? '', /up to 30$/)
  await ledger.log.close()
  ledger.log.record(event(1))
  assert.equal(ledger.lost, 31, 'after its end nothing is written, and that is counted too')
})

/** A disk of 256 KiB; null, and the test skipped, where mounting is not allowed. */
function smallDisk(t: TestContext): string | null {
  const disk = freshPath()
  mkdirSync(disk)
  const options = ['-t', 'tmpfs', '-o', 'size=256k,mode=700', 'tmpfs', disk]
  try {
    execFileSync('/bin/mount', options, { stdio: 'ignore' })
  } catch {
    t.skip('mounting is not allowed here')
    return null
  }
  t.after(() => execFileSync('/bin/umount', [disk]))
  return disk
}

test('a disk that fills up in the midst of a line breaks that one, and none that comes after it', async (t) => {
  const disk = smallDisk(t)
  if (disk === null) return
  writeFileSync(`${disk}/ballast`, Buffer.alloc(128 * 1024))
  const path = `${disk}/audit.jsonl`
  const ledger = open(path)
  let n = 0
  while (ledger.lost === 0) {
    for (const until = n + 100; n < until; n++) ledger.log.record(event(n))
    await new Promise((resolve) => setImmediate(resolve))
  }
  rmSync(`${disk}/ballast`)
  for (const until = n + 50; n < until; n++) ledger.log.record(event(n))
  await ledger.log.close()
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  const whole = lines.filter((line) => line.endsWith('}'))
  assert.ok(lines.length - whole.length <= 1, 'one line is broken at most')
  const ids = whole.map((line) => Number((JSON.parse(line) as { sessionId: string }).sessionId))
  assert.deepEqual(
    ids.slice(-50),
    Array.from({ length: 50 }, (_, at) => n - 50 + at),
  )
  assert.ok(ids.length + ledger.lost >= n, 'what is not there is counted')
})

test('a file that cannot be opened is told at once', () => {
  assert.throws(() => open(`${freshPath()}/none/audit.jsonl`), { code: 'ENOENT' })
})
