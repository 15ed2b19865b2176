import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createSessions } from '@holdfast/core'
import type { SessionRecord, StoreNotice } from '@holdfast/core/store'
import { memoryStore } from '@holdfast/memory'

const SESSIONS = 50_000
const START = Date.UTC(2026, 0, 1)
const HOUR = 3_600_000
const USER_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36 Edg/149.0.0.0 Test'

function record(n: number, data: ReadonlyMap<string, string> = new Map()): SessionRecord {
  const id = `n${n}x`.padEnd(22, '0')
  const at = START + n
  return {
    id,
    verifierHash: createHash('sha256').update(id).digest('base64url'),
    rotatedAt: at,
    previous: null,
    version: 1,
    generation: 0,
    epoch: 0,
    subject: `user-${n}`,
    createdAt: at,
    authenticatedAt: at,
    methods: ['pwd'],
    lastSeenAt: at,
    idleDeadline: at + HOUR,
    absoluteDeadline: at + 24 * HOUR,
    persistent: false,
    client: { label: null, address: `203.0.${n % 256}.0/24`, userAgent: USER_AGENT.slice(0, 120) },
    binding: null,
    data,
    revokedAt: null,
    reason: null,
  }
}

function usedAfterCollection(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

test('memory per session is measured', (context) => {
  const store = memoryStore()
  const before = usedAfterCollection()
  for (let n = 0; n < SESSIONS; n++) void store.insert(record(n), { now: START, limit: null })
  const each = (usedAfterCollection() - before) / SESSIONS
  assert.notEqual(store.find(record(SESSIONS - 1).id), null)
  context.diagnostic(
    `${each.toFixed(0)} B per session of ${SESSIONS} (subject, times, address, 120-character user agent; index and schedule included)`,
  )
  assert.ok(each < 1500, `${each} B per session`)
})

test('what is swept gives its memory back', (context) => {
  const store = memoryStore()
  const before = usedAfterCollection()
  for (let n = 0; n < SESSIONS; n++) void store.insert(record(n), { now: START, limit: null })
  const full = usedAfterCollection() - before
  let deleted = 0
  for (let more = true; more;) {
    const batch = store.sweep(START + 2 * HOUR, 500)
    assert.ok(!(batch instanceof Promise))
    deleted += batch.deleted
    more = batch.more
  }
  assert.equal(deleted, SESSIONS)
  const left = usedAfterCollection() - before
  context.diagnostic(
    `${(full / 1e6).toFixed(1)} MB before the sweep, ${(left / 1e6).toFixed(1)} after`,
  )
  assert.ok(left < full / 4, `${left} of ${full} B are left`)
})

test('answers are there at once, without a promise', () => {
  const store = memoryStore()
  const { id } = record(1)
  const answers = [
    store.insert(record(1), { now: START, limit: null }),
    store.find(id),
    store.update(id, { now: START }),
    store.list('user-1', { limit: 1, now: START }),
    store.revoke({ kind: 'session', id }, { at: START, reason: 'logout' }),
    store.sweep(START, 1),
    store.epoch(),
  ]
  for (const answer of answers) assert.ok(!(answer instanceof Promise))
})

test('a listener learns of a change before the call that made it returns', () => {
  const store = memoryStore()
  const notices: StoreNotice[] = []
  store.watch?.((notice) => notices.push(notice))
  void store.insert(record(1), { now: START, limit: null })
  assert.deepEqual(notices, [{ kind: 'changed', id: record(1).id }])
})

test('production refuses the memory store, which forgets revocations', () => {
  const options = { store: memoryStore(), keys: [createHash('sha512').digest()], production: true }
  assert.throws(() => createSessions(options), { code: 'ERR_SESSION_STORE_UNSUPPORTED' })
})

test('two memory stores know nothing of each other', () => {
  const [one, two] = [memoryStore(), memoryStore()]
  void one.insert(record(1), { now: START, limit: null })
  assert.equal(two.find(record(1).id), null)
})
