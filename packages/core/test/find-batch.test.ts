import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SessionError } from '@holdfast/core'
import { FindBatch, type Found } from '@holdfast/core/store'
import { World } from './support/world.js'

const DAMAGED = new SessionError('ERR_SESSION_STORE_CORRUPT', 'a stored value is damaged')

/** A batch over the sessions of a memory store, and what it has asked for. */
async function batchOf(
  answer: (ids: readonly string[], read: (id: string) => Found) => readonly Found[] = (ids, read) =>
    ids.map(read),
): Promise<{ finds: FindBatch; ids: string[]; asked: (readonly string[])[] }> {
  const world = new World()
  const ids: string[] = []
  for (const name of ['a', 'b', 'c']) ids.push((await world.signedIn(name)).id)
  const records = new Map(
    await Promise.all(ids.map(async (id) => [id, await world.record(id)] as const)),
  )
  const asked: (readonly string[])[] = []
  const finds = new FindBatch((wanted) => {
    asked.push(wanted)
    return new Promise((resolve) => {
      setImmediate(() => resolve(answer(wanted, (id) => records.get(id) ?? null)))
    })
  })
  return { finds, ids, asked }
}

test('finds of one turn of the event loop are one question, and each gets its own answer', async () => {
  const { finds, ids, asked } = await batchOf()
  const wanted = [...ids, 'nobody', ids[0] ?? '']
  const found = await Promise.all(wanted.map((id) => finds.find(id)))
  assert.deepEqual(
    found.map((record) => record?.subject ?? null),
    ['a', 'b', 'c', null, 'a'],
  )
  assert.equal(asked.length, 1)
})

test('a find that is called while others are under way is asked for anew, so that it misses nothing', async () => {
  const { finds, ids, asked } = await batchOf()
  const [id = ''] = ids
  const first = finds.find(id)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(asked.length, 1, 'the first is under way')
  await Promise.all([first, finds.find(id)])
  assert.equal(asked.length, 2)
})

test('what is damaged is refused to those who ask for it, and to nobody else', async () => {
  const inPlace = await batchOf((ids, read) => ids.map((id, at) => (at === 1 ? DAMAGED : read(id))))
  const one = await Promise.allSettled(inPlace.ids.map((id) => inPlace.finds.find(id)))
  assert.deepEqual(
    one.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  const whole = await batchOf()
  const bad = whole.ids[1] ?? ''
  const finds = new FindBatch(async (ids) => {
    if (ids.includes(bad)) throw DAMAGED
    return Promise.all(ids.map((id) => whole.finds.find(id)))
  })
  const other = await Promise.allSettled(whole.ids.map((id) => finds.find(id)))
  assert.deepEqual(
    other.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
})

test('a question that fails fails for all who asked, once', async () => {
  let asked = 0
  const finds = new FindBatch(() => {
    asked += 1
    return Promise.reject(new Error('no connection'))
  })
  const outcomes = await Promise.allSettled(['a', 'b', 'c'].map((id) => finds.find(id)))
  assert.ok(outcomes.every(({ status }) => status === 'rejected'))
  assert.equal(asked, 1)
})

test('very many finds are several questions', async () => {
  const { finds, asked } = await batchOf()
  await Promise.all(Array.from({ length: 600 }, (_, n) => finds.find(String(n))))
  assert.deepEqual(
    asked.map(({ length }) => length),
    [250, 250, 100],
  )
})
