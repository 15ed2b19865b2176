import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OPERATIONS, type OperationName } from '../src/matrix/operations.js'
import { contradiction, fateOf, type Witness } from '../src/matrix/truth.js'
import { dueOf, judge, type Said, type Verdict } from '../src/matrix/verdict.js'
import { type Answer, clears } from '../src/matrix/visitor.js'

const PROBLEM = '{"type":"about:blank","status":503,"code":"ERR_SESSION_STORE_TIMEOUT"}'
const REFUSAL: Answer = {
  status: 503,
  headers: {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  },
  body: PROBLEM,
  milliseconds: 1,
}

function refusal(more: Partial<Answer> & { readonly add?: Answer['headers'] }): Verdict['kind'] {
  const { add = {}, ...rest } = more
  return judge({ ...REFUSAL, ...rest, headers: { ...REFUSAL.headers, ...add } }).kind
}

test('a refusal is one in every respect, or wrong', () => {
  assert.equal(refusal({}), 'refused')
  for (const cookie of ['session=', 'session=x; Path=/', 'other=1'])
    assert.equal(refusal({ add: { 'set-cookie': [cookie] } }), 'wrong', cookie)
  assert.equal(refusal({ add: { 'cache-control': 'private' } }), 'wrong')
  assert.equal(refusal({ add: { 'content-type': 'text/html' } }), 'wrong')
  assert.equal(refusal({ add: { 'x-content-type-options': undefined } }), 'wrong')
  assert.equal(refusal({ add: { location: '/sign-in' } }), 'wrong')
  assert.equal(refusal({ add: { 'clear-site-data': '"cookies"' } }), 'wrong')
  assert.equal(refusal({ body: '{"id":null}' }), 'wrong')
  assert.equal(refusal({ body: PROBLEM.replace('STORE_TIMEOUT', 'ENDED') }), 'wrong')
  assert.equal(refusal({ body: PROBLEM.replace('}', ',"token":"x"}') }), 'wrong')
  for (const status of [302, 403, 500]) assert.equal(refusal({ status }), 'wrong', String(status))
})

test('a cookie is taken away by an empty value, and by an end that has come', () => {
  const taken = (line: string): boolean => clears({ headers: { 'set-cookie': [line] } })
  assert.equal(taken('session=abc; Path=/; HttpOnly'), false)
  assert.equal(taken('session=abc; Max-Age=60'), false)
  assert.equal(taken('session=; Path=/'), true)
  assert.equal(taken('session=abc; Max-Age=0'), true)
  assert.equal(taken('session=abc; Expires=Thu, 01 Jan 1970 00:00:00 GMT'), true)
})

function operation(name: OperationName): (typeof OPERATIONS)[number] {
  return OPERATIONS.find((each) => each.name === name) ?? assert.fail(name)
}

test('what nobody can reach is refused, but for what needs no store or may be remembered', () => {
  const gone = { reads: 'refused', writes: 'refused' } as const
  assert.equal(dueOf(gone, operation('anonymous'), 'cached'), 'served')
  assert.equal(dueOf(gone, operation('read'), 'cached'), 'either')
  assert.equal(dueOf(gone, operation('read'), 'uncached'), 'refused')
  assert.equal(dueOf(gone, operation('list'), 'cached'), 'refused')
  assert.equal(dueOf(gone, operation('touch'), 'cached'), 'refused')
  const full = { reads: 'served', writes: 'refused' } as const
  assert.equal(dueOf(full, operation('get'), 'uncached'), 'served')
  assert.equal(dueOf(full, operation('revoke'), 'cached'), 'refused')
})

const OWN: Said = { id: 'own', subject: 'ann', keepsake: 'k', out: null }

/** Somebody with a session, and what is seen of it. */
function witness(name: OperationName, more: Partial<Witness> = {}): Witness {
  return {
    operation: operation(name),
    id: 'own',
    subject: 'ann',
    keepsake: 'k',
    cookie: 'session=t',
    refused: 0,
    served: 0,
    texts: [],
    other: null,
    look: () => Promise.resolve(OWN),
    record: () => Promise.resolve({ id: 'own', subject: 'ann', reason: null }),
    notice: () => Promise.resolve('k'),
    ...more,
  }
}

function told(name: OperationName, said: Partial<Said>, refused = 0, served = 0): boolean {
  const verdict: Verdict = { kind: 'served', said: { ...OWN, ...said } }
  return contradiction(witness(name), verdict, { refused, served }) === null
}

test('an answer that was served is of the right session, with its data and a true result', () => {
  assert.ok(told('read', {}))
  assert.ok(!told('read', { id: null }), 'never anonymous')
  assert.ok(!told('read', { id: 'another' }))
  assert.ok(!told('read', { subject: 'bob' }))
  assert.ok(!told('read', { keepsake: null }))
  assert.ok(told('update', { out: 1 }))
  assert.ok(!told('update', { out: 2 }))
  assert.ok(told('update', { out: 2 }, 1), 'the one that was refused took place')
  assert.ok(told('flash', { out: 'k' }))
  assert.ok(!told('flash', { out: null }))
  assert.ok(!told('rotate', { id: null }))
  assert.ok(told('rotate', { id: null }, 1), 'its token went with a lost answer')
  assert.ok(!told('anonymous', { id: 'own' }))
  assert.ok(!told('list', { out: ['own', 'other'] }))
})

async function fate(name: OperationName, more: Partial<Witness>): Promise<string | null> {
  const { wrong, lost } = await fateOf(witness(name, more))
  return lost ? 'lost' : wrong
}

test('afterwards a refused operation has taken place or not, and nothing else has', async () => {
  const nobody = (): Promise<Said> => Promise.resolve({ ...OWN, id: null })
  const ended = (reason: string | null) => (): ReturnType<Witness['record']> =>
    Promise.resolve({ id: 'own', subject: 'ann', reason })
  assert.equal(await fate('touch', { refused: 1 }), null)
  assert.match((await fate('touch', { refused: 1, look: nobody })) ?? '', /stands for null/)
  assert.equal(await fate('revoke', { refused: 1 }), null)
  assert.equal(await fate('revoke', { refused: 1, record: ended('logout'), look: nobody }), null)
  assert.match((await fate('revoke', { served: 1 })) ?? '', /lives/)
  assert.match((await fate('revoke', { refused: 1, record: ended('x') })) ?? '', /ended as/)
  assert.match((await fate('revoke', { record: ended('logout') })) ?? '', /nobody asked/)
  assert.equal(await fate('rotate', { refused: 1, look: nobody }), 'lost')
  assert.match((await fate('rotate', { served: 1, look: nobody })) ?? '', /signed out/)
  const gone = { refused: 1, look: nobody, record: ended('token_reuse') }
  assert.match((await fate('rotate', gone)) ?? '', /token_reuse/)
  const counts = (count: number): Partial<Witness> => ({
    served: 2,
    refused: 1,
    look: () => Promise.resolve({ ...OWN, out: { count } }),
  })
  assert.equal(await fate('update', counts(2)), null)
  assert.equal(await fate('update', counts(3)), null)
  assert.match((await fate('update', counts(4))) ?? '', /counts 4/)
  assert.match((await fate('update', counts(1))) ?? '', /counts 1/)
})
