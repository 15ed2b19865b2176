import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineOf, openSessionOf, readRecord, readStored, TokenKeys } from '@holdfast/core/engine'
import { countedStore, pullStore } from './support/stores.js'
import { KEY, OLD_KEY, SECOND, World, wrong } from './support/world.js'

test('a record that is read by its id is believed for 5 seconds while changes are pushed, and not a moment after one', async () => {
  const { store, take } = countedStore()
  const world = new World({ store })
  const { id } = await world.signedIn()
  const engine = engineOf(world.sessions)
  take()
  const first = await readRecord(engine, id)
  assert.equal(take(), 'find 1')
  assert.equal(await readRecord(engine, id), first)
  assert.equal(take(), 'none')
  await store.update(id, { now: world.clock.at, set: new Map([['app:a', '1']]) })
  take()
  assert.equal((await readRecord(engine, id))?.data.get('app:a'), '1')
  assert.equal(take(), 'find 1')
  world.clock.at += 5 * SECOND
  await readRecord(engine, id)
  assert.equal(take(), 'none')
  world.clock.at += 1
  await readRecord(engine, id)
  assert.equal(take(), 'find 1')
  await world.sessions.revoke(id)
  assert.equal((await readRecord(engine, id))?.reason, 'revoked')
})

test('a record that is read by its id serves the session token too, and the other way round', async () => {
  const { store, take } = countedStore()
  const world = new World({ store })
  const browser = await world.signedIn()
  await world.whose(browser.token)
  world.clock.at += 4 * SECOND
  const engine = engineOf(world.sessions)
  take()
  await readRecord(engine, browser.id)
  assert.equal(take(), 'none')
  world.clock.at += 2 * SECOND
  await readRecord(engine, browser.id)
  assert.equal(await world.whose(browser.token), 'alice')
  assert.equal(take(), 'find 1')
})

test('a record is read from the store where that is asked for, and remembered from then on', async () => {
  const { store, take } = countedStore()
  const world = new World({ store })
  const { id } = await world.signedIn()
  const engine = engineOf(world.sessions)
  await readRecord(engine, id)
  take()
  const stored = await readStored(engine, id)
  assert.equal(take(), 'find 1')
  assert.equal(await readRecord(engine, id), stored)
  assert.equal(take(), 'none')
})

test('without push every record is read anew', async () => {
  const { store, take } = countedStore(pullStore())
  const world = new World({ store })
  const { id } = await world.signedIn()
  take()
  for (let n = 0; n < 3; n++) await readRecord(engineOf(world.sessions), id)
  assert.equal(take(), 'find 3')
})

test('no more records are remembered than cacheSize says', async () => {
  const { store, take } = countedStore()
  const world = new World({ store, cacheSize: 2 })
  const ids: string[] = []
  for (const name of ['a', 'b', 'c']) ids.push((await world.signedIn(name)).id)
  const engine = engineOf(world.sessions)
  for (const id of ids) await readRecord(engine, id)
  take()
  for (const id of ids.toReversed()) await readRecord(engine, id)
  assert.equal(take(), 'find 1')
})

test('tokens of another kind have ids of their own length, and pass for no other kind, audience or tenant', () => {
  const ring = (tenant: string): ReturnType<typeof engineOf>['keys'] =>
    engineOf(new World({ tenant }).sessions).keys
  const keys = ring('one')
  const own = keys.tokenKeys('refresh', 'spa', 30)
  const token = own.issue('i'.repeat(30), 'v'.repeat(43))
  assert.deepEqual(own.read(token), { id: 'i'.repeat(30), verifier: 'v'.repeat(43) })
  assert.equal(keys.tokenKeys('refresh', 'spa', 30), own)
  const others = [
    keys.tokenKeys('refresh', 'other', 30),
    keys.tokenKeys('once', 'spa', 30),
    keys.tokenKeys('refresh', 'spa'),
    keys.tokenKeys('session', 'spa'),
    ring('two').tokenKeys('refresh', 'spa', 30),
  ]
  for (const other of others) assert.equal(other.read(token), null)
})

test('what was given out of the ring follows when the keys are replaced', () => {
  const world = new World({ keys: [OLD_KEY] })
  const { keys } = engineOf(world.sessions)
  const refresh = keys.tokenKeys('refresh', 'spa', 30)
  const token = refresh.issue('i'.repeat(30), 'v'.repeat(43))
  const [old] = keys.secrets('purpose')
  world.sessions.setKeys([KEY, OLD_KEY])
  assert.ok(refresh.check(token))
  const [newest, second] = keys.secrets('purpose')
  assert.deepEqual(second, old)
  assert.notDeepEqual(newest, old)
  assert.notDeepEqual(keys.secrets('another')[0]?.secret, newest?.secret)
  world.sessions.setKeys([KEY])
  assert.equal(refresh.check(token), false)
})

test('what stands behind a session or a manager is given for no other object', async () => {
  const world = new World()
  const browser = await world.signedIn()
  await browser.visit((session, open) => assert.equal(openSessionOf(session), open))
  assert.throws(() => openSessionOf(wrong({ id: 'x' })), TypeError)
  assert.throws(() => engineOf(wrong({ close: () => undefined })), TypeError)
  assert.ok(engineOf(world.sessions).keys.tokenKeys('session', 'x') instanceof TokenKeys)
})
