import assert from 'node:assert/strict'
import { test } from 'node:test'
import { check, type Expectations } from '../src/checker.js'
import type { Mark, Operation } from '../src/history.js'

const ALL: Expectations = { durable: true, steady: true }
const ID = 'session-1'

/** An operation of worker 1 on the one session, from `start` on, 1 ms long. */
function op(name: Operation['name'], start: number, more: Partial<Operation> = {}): Operation {
  const base = { worker: 1, session: ID, subject: 'ann', outcome: 'ok' } as const
  return { ...base, name, start, end: start + 1, ...more }
}

const signIn = op('sign-in', 0, { opened: 0.5 })

function active(start: number, more: Partial<Operation> = {}): Operation {
  return op('check', start, { status: 'active', seenSession: ID, seenSubject: 'ann', ...more })
}

function rejected(start: number, more: Partial<Operation> = {}): Operation {
  return op('check', start, { status: 'rejected', reason: 'unknown', ...more })
}

function read(start: number, data: Operation['data'], more: Partial<Operation> = {}): Operation {
  return { ...active(start, more), name: 'read', ...(data === undefined ? {} : { data }) }
}

function kinds(
  operations: readonly Operation[],
  marks: readonly Mark[] = [],
  expected: Expectations = ALL,
): readonly string[] {
  return check({ operations, marks }, expected).map(({ kind }) => kind)
}

test('a life without trouble breaks nothing', () => {
  const life = [
    signIn,
    active(10),
    op('set', 20, { key: 'w1l0', value: 1 }),
    op('add', 30),
    read(40, { w1l0: 1, count: 1 }),
    op('revoke', 50),
    rejected(60, { reason: 'revoked' }),
  ]
  assert.deepEqual(kinds(life), [])
})

test('the process that revoked a session may not accept it again', () => {
  assert.deepEqual(kinds([signIn, op('revoke', 10), active(12)]), ['revoked session accepted'])
  assert.deepEqual(kinds([signIn, op('revoke', 10), active(10.5)]), [], 'at the same time')
})

test('another process may accept a revoked session for 5 s', () => {
  const story = (start: number): readonly Operation[] => [
    signIn,
    op('revoke', 10),
    active(start, { worker: 2 }),
  ]
  assert.deepEqual(kinds(story(5000)), [])
  assert.deepEqual(kinds(story(5012)), ['revoked session accepted'])
})

test('a revocation that nobody acknowledged may have happened or not', () => {
  const unknown = op('revoke', 10, { outcome: 'unknown', end: Infinity })
  assert.deepEqual(kinds([signIn, unknown, active(20)]), [])
  assert.deepEqual(kinds([signIn, unknown, rejected(20, { reason: 'revoked' })]), [])
  const back = [signIn, unknown, rejected(20, { reason: 'revoked' }), active(30)]
  assert.deepEqual(kinds(back), ['ended session came back'])
  assert.deepEqual(kinds(back, [], { durable: true, steady: false }), [], 'across a failover')
})

test('a revocation of a subject ends the sign-ins that had begun before it, and no others', () => {
  const revokeAll: Operation = {
    worker: 1,
    name: 'revoke-all',
    start: 10,
    end: 11,
    outcome: 'ok',
    subject: 'ann',
  }
  assert.deepEqual(kinds([signIn, revokeAll, active(20)]), ['revoked session accepted'])
  const late = op('sign-in', 9, { opened: 10.5, end: 15 })
  assert.deepEqual(kinds([late, revokeAll, active(20)]), [])
})

test('an acknowledged sign-in is not rejected while nobody revoked it', () => {
  assert.deepEqual(kinds([signIn, rejected(10)]), ['acknowledged sign-in lost'])
  assert.deepEqual(kinds([signIn, rejected(10)], [], { durable: false, steady: false }), [])
  const emptied: Mark = { mark: 'emptied', from: 5, to: 8 }
  assert.deepEqual(kinds([signIn, rejected(10)], [emptied]), [], 'everything was lost')
  const rotated = [signIn, op('rotate', 5), rejected(7, { worker: 2, reason: 'superseded' })]
  assert.deepEqual(kinds(rotated), [], 'it had another token by then')
})

test('an acknowledged write is read again', () => {
  const set = op('set', 10, { key: 'w1l0', value: 1 })
  assert.deepEqual(kinds([signIn, set, read(20, {})]), ['acknowledged write lost'])
  assert.deepEqual(kinds([signIn, set, read(20, {}, { worker: 2 })]), [], 'not known yet')
  const again = op('set', 12, { key: 'w1l0', value: 2 })
  assert.deepEqual(kinds([signIn, set, again, read(20, { w1l0: 1 })]), ['acknowledged write lost'])
  const unknown = op('set', 12, { key: 'w1l0', value: 2, outcome: 'unknown' })
  assert.deepEqual(kinds([signIn, set, unknown, read(20, { w1l0: 1 }), read(22, { w1l0: 2 })]), [])
})

test('increments are neither lost nor made twice', () => {
  const adds = [op('add', 10), op('add', 12, { outcome: 'unknown' })]
  assert.deepEqual(kinds([signIn, ...adds, read(20, { count: 0 })]), ['increment lost'])
  assert.deepEqual(kinds([signIn, ...adds, read(20, { count: 1 }), read(22, { count: 2 })]), [])
  assert.deepEqual(kinds([signIn, ...adds, read(20, { count: 3 })]), ['write applied twice'])
})

test('nobody is served the session of another, or values that nobody wrote', () => {
  assert.deepEqual(kinds([signIn, active(10, { seenSubject: 'bob' })]), ["another's session"])
  assert.deepEqual(kinds([signIn, active(10, { seenSession: 'other' })]), ["another's session"])
  assert.deepEqual(kinds([signIn, read(10, { w9l9: 1 })]), ['value out of nowhere'])
})

test('while the store is down nothing is answered but what was read before', () => {
  const down: Mark = { mark: 'down', from: 100, to: 9000 }
  const refused = op('check', 200, { outcome: 'unknown', code: 'ERR_SESSION_STORE_TIMEOUT' })
  assert.deepEqual(kinds([signIn, refused, active(300)], [down]), [])
  assert.deepEqual(kinds([signIn, active(5200)], [down]), ['answered while down'])
  assert.deepEqual(kinds([signIn, op('set', 200, { key: 'k', value: 1 })], [down]), [
    'answered while down',
  ])
  const none = rejected(200, { reason: 'revoked' })
  assert.deepEqual(kinds([signIn, op('revoke', 10), none], [down]), ['answered while down'])
  assert.deepEqual(kinds([signIn, active(200, { cleared: true })], [down]), [
    'cookie cleared while down',
  ])
})

test('an absolute end that moves later is seen, one that another clock sets earlier is none', () => {
  const look = (start: number, absoluteDeadline: number): Operation =>
    op('look', start, { absoluteDeadline })
  assert.deepEqual(kinds([signIn, look(10, 1000), look(20, 1000)]), [])
  assert.deepEqual(kinds([signIn, look(10, 1000), look(20, 1001)]), ['absolute end moved'])
})

test('a crash of a worker is a violation', () => {
  assert.deepEqual(kinds([], [{ mark: 'crash', worker: 1, at: 1, error: 'TypeError' }]), ['crash'])
})
