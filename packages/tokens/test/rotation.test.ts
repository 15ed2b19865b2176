import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Grant } from '../src/lib/grants/grant.js'
import {
  judgeRefresh,
  MOST_SUPERSEDED,
  rotateGrant,
  type Verdict,
} from '../src/lib/grants/rotation.js'

const GRACE = 10_000

const first: Grant = {
  client: 'app',
  scope: 'read',
  jkt: null,
  alone: false,
  issuedAt: 0,
  rotatedAt: 0,
  hash: 'h0',
  superseded: [],
}

/** The grant after its token number `n` was replaced at `now`: hash `h<n>` sealed its successor as `s<n>`. */
function next(grant: Grant, now: number, grace = GRACE): Grant {
  const n = Number(grant.hash.slice(1))
  return rotateGrant(grant, { hash: `h${n + 1}`, sealed: `s${n}` }, now, grace)
}

function statusOf(grant: Grant, n: number, now: number, grace = GRACE): Verdict['status'] {
  return judgeRefresh(grant, `h${n}`, now, grace).status
}

test('the present token is current, and its use is what replaces it', () => {
  assert.equal(statusOf(first, 0, 5), 'current')
  const grant = next(first, 5)
  assert.deepEqual(
    [grant.hash, grant.rotatedAt, grant.superseded],
    ['h1', 5, [{ hash: 'h0', sealed: 's0', at: null }]],
  )
  assert.deepEqual([grant.client, grant.issuedAt, grant.scope], ['app', 0, 'read'])
})

test('a replaced token stays good until its successor is presented, however long that takes', () => {
  const grant = next(first, 5)
  for (const now of [5, GRACE * 2, 1e12]) assert.equal(statusOf(grant, 0, now), 'superseded')
})

test('from then on it is good for the grace, to the millisecond, and reuse after it', () => {
  const grant = next(next(first, 5), 100)
  for (const now of [100, 100 + GRACE]) assert.equal(statusOf(grant, 0, now), 'superseded')
  assert.equal(statusOf(grant, 0, 101 + GRACE), 'reuse')
})

test('the last but one leads to the present token, not to one that is about to die', () => {
  const grant = next(next(next(first, 5), 100), 200)
  const verdict = judgeRefresh(grant, 'h0', 300, GRACE)
  assert.deepEqual(verdict, { status: 'superseded', chain: ['s0', 's1', 's2'] })
  assert.deepEqual(judgeRefresh(grant, 'h2', 300, GRACE), { status: 'superseded', chain: ['s2'] })
})

test('a token that the grant has forgotten was issued once and replaced: reuse', () => {
  let grant = first
  for (let n = 1; n < 6; n++) grant = next(grant, n * GRACE * 2)
  assert.equal(grant.superseded.length, 2)
  for (const n of [0, 1, 2]) assert.equal(statusOf(grant, n, 5 * GRACE * 2), 'reuse')
})

test('a token that was never replaced, and yet another one: the store went back, nobody stole', () => {
  assert.equal(statusOf(first, 7, 5), 'unknown')
  assert.equal(statusOf(next(first, 5), 7, 5), 'reuse')
})

test('without grace, a replaced token is reuse as soon as its successor was presented', () => {
  const once = next(first, 5, 0)
  assert.equal(statusOf(once, 0, 1e12, 0), 'superseded')
  const twice = next(once, 6, 0)
  assert.equal(twice.superseded.length, 1)
  assert.equal(statusOf(twice, 0, 6, 0), 'reuse')
})

test('a clock that was ahead does not make a grace longer, and ends nothing', () => {
  const grant = next(next(first, 5), 100 * GRACE)
  assert.equal(statusOf(grant, 0, 99 * GRACE), 'superseded')
  assert.equal(statusOf(grant, 0, 99 * GRACE - 1), 'early')
})

test('when as many as are kept are in their grace, the present token stays, so that none is pushed out', () => {
  let grant = first
  let now = 0
  while (statusOf(grant, Number(grant.hash.slice(1)), now) === 'current') grant = next(grant, now++)
  assert.equal(grant.hash, `h${MOST_SUPERSEDED}`)
  assert.equal(statusOf(grant, MOST_SUPERSEDED, now), 'crowded')
  for (let n = 0; n < MOST_SUPERSEDED; n++) assert.equal(statusOf(grant, n, now), 'superseded')
  assert.equal(statusOf(grant, MOST_SUPERSEDED, now + GRACE + 1), 'current')
})

test('whatever is presented when: nothing in its grace is taken for stolen, all leads to the present token, the list stays short', () => {
  const steps = fc.array(fc.record({ pause: fc.nat(6000), back: fc.nat(5) }), { maxLength: 60 })
  const property = fc.property(steps, (all) => {
    let grant = first
    let now = 1000
    const firstSeen = new Map<number, number>()
    for (const { pause, back } of all) {
      now += pause
      const present = Number(grant.hash.slice(1))
      const n = Math.max(0, present - back)
      const verdict = judgeRefresh(grant, `h${n}`, now, GRACE)
      const since = firstSeen.get(n + 1)
      if (n === present) assert.match(verdict.status, /^(?:current|crowded)$/)
      else if (since === undefined || now <= since + GRACE) {
        assert.equal(verdict.status, 'superseded', `h${n} of h${present}`)
        const chain = Array.from({ length: present - n }, (_, at) => `s${n + at}`)
        assert.deepEqual('chain' in verdict ? verdict.chain : [], chain)
      } else assert.equal(verdict.status, 'reuse')
      if (verdict.status === 'current') {
        grant = next(grant, now)
        firstSeen.set(present, now)
      }
      assert.ok(grant.superseded.length <= MOST_SUPERSEDED)
    }
  })
  fc.assert(property, { numRuns: 500 })
})
