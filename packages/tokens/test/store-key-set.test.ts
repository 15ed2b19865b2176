import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setImmediate as settled } from 'node:timers/promises'
import { createSessions, SessionError, type KeyInput, type Sessions } from '@holdfast/core'
import type { SessionStore } from '@holdfast/core/store'
import { lmdbStore } from '@holdfast/lmdb'
import { memoryStore } from '@holdfast/memory'
import {
  AccessTokenVerifier,
  signAccessToken,
  storeKeySet,
  type KeyInfo,
  type StoreKeySet,
  type StoreKeySetOptions,
} from '@holdfast/tokens'
import { freshFolder } from './support/folders.js'
import { AUDIENCE, claims, forge, ISSUER, refused } from './support/tokens.js'

const MINUTE = 60_000
const START = Date.UTC(2026, 10, 24)
const RING: readonly KeyInput[] = [randomBytes(32)]

const states = (keys: readonly KeyInfo[]): readonly string[] => keys.map(({ state }) => state)

class World {
  now = START
  readonly store: SessionStore = memoryStore()
  readonly #test: TestContext

  constructor(t: TestContext) {
    this.#test = t
  }

  /** Another process, as far as the store can tell. */
  manager(keys: readonly KeyInput[] = RING): Sessions {
    const clock = (): number => this.now
    return createSessions({ store: this.store, keys, clock, sweepInterval: Infinity })
  }

  async open(
    sessions: Sessions = this.manager(),
    options: StoreKeySetOptions = {},
  ): Promise<StoreKeySet> {
    const keys = await storeKeySet(sessions, { reloadInterval: 30_000, ...options })
    this.#test.after(() => keys.close())
    return keys
  }

  sign(keys: StoreKeySet): string {
    const iat = Math.floor(this.now / 1000)
    return signAccessToken(keys.current, claims({ iat, exp: iat + 300 }))
  }

  verifier(keys: StoreKeySet): AccessTokenVerifier {
    const now = (): number => this.now
    return new AccessTokenVerifier({ keys, issuer: ISSUER, audience: AUDIENCE, now })
  }
}

test('all who open the set at once share its one key, which is there again later', async (t) => {
  const world = new World(t)
  const all = await Promise.all(Array.from({ length: 10 }, () => world.open()))
  const kids = new Set(all.map(({ current }) => current.kid))
  assert.equal(kids.size, 1)
  const later = await world.open()
  assert.ok(kids.has(later.current.kid))
  assert.ok(later.current.privateKey.equals(all[0]?.current.privateKey ?? later.current.publicKey))
  assert.notEqual((await world.open(undefined, { name: 'other' })).current.kid, later.current.kid)
})

test('all who rotate at once rotate once, and the switch refuses no token', async (t) => {
  const world = new World(t)
  const [one, two] = [await world.open(), await world.open()]
  const lists = await Promise.all([one, two, one, two].map((keys) => keys.rotate()))
  assert.equal(new Set(lists.map((list) => JSON.stringify(list))).size, 1)
  assert.deepEqual(states(one.list()), ['current', 'next'])
  assert.equal(one.jwks().keys.length, 2)
  const next = one.list()[1]?.kid
  world.now += 8 * MINUTE
  await Promise.all([one.reload(), two.reload()])
  const before = world.sign(one)
  world.now += 2 * MINUTE
  await Promise.all([one.reload(), two.reload()])
  assert.deepEqual([one.current.kid, two.current.kid], [next, next])
  world.verifier(two).verify(before)
  world.verifier(two).verify(world.sign(one))
  assert.deepEqual(states(two.list()), ['retiring', 'current'])
  world.now += 62 * MINUTE
  await one.reload()
  assert.deepEqual(states(one.list()), ['current'])
  assert.deepEqual(states(await one.rotate()), ['current', 'next'])
})

test('the next key signs from its instant on, although nobody asks the store at that moment', async (t) => {
  const world = new World(t)
  const keys = await world.open(undefined, { publishAhead: 10_000 })
  const next = (await keys.rotate())[1]?.kid
  world.now += 9999
  assert.notEqual(keys.current.kid, next)
  world.now += 1
  assert.equal(keys.current.kid, next)
})

test('a stolen store signs nothing', async (t) => {
  const folder = freshFolder()
  const store = lmdbStore(folder)
  const sessions = createSessions({ store, keys: RING, storeTimeout: 60_000 })
  const keys = await storeKeySet(sessions)
  t.after(() => keys.close())
  const { d = '', x = '' } = keys.current.privateKey.export({ format: 'jwk' })
  await sessions.close()
  const stolen = readdirSync(folder).map((name) => readFileSync(join(folder, name)))
  for (const secret of [
    d,
    Buffer.from(d, 'base64url'),
    Buffer.from(d, 'base64url').toString('hex'),
    x,
  ])
    for (const bytes of stolen) assert.ok(!bytes.includes(secret))
  const thief = createSessions({
    store: lmdbStore(folder),
    keys: [randomBytes(32)],
    storeTimeout: 60_000,
  })
  const theirs = await storeKeySet(thief)
  t.after(() => theirs.close())
  assert.notEqual(theirs.current.kid, keys.current.kid)
  await thief.close()
})

test('what is sealed opens in its own place only', async (t) => {
  const world = new World(t)
  const { store } = world
  const insert = store.insert.bind(store)
  let id = ''
  store.insert = (record, admission) => {
    id = record.id
    return insert(record, admission)
  }
  const { kid } = (await world.open()).current
  const record = await store.find(id)
  const sealed = record?.data.get('~keys:1') ?? ''
  assert.match(sealed, /^"[0-9A-Za-z]{4}\.[\w-]+"$/)
  await store.update(id, {
    now: world.now,
    set: new Map([['~keys:2', sealed]]),
    unset: ['~keys:1'],
  })
  assert.notEqual((await world.open()).current.kid, kid)
})

test('a new key of the ring seals from now on, the old one goes on opening, and without it a new key is made', async (t) => {
  const world = new World(t)
  const newer = randomBytes(32)
  const first = await world.open()
  const { kid } = first.current
  const both = world.manager([newer, ...RING])
  const second = await world.open(both)
  assert.equal(second.current.kid, kid)
  await second.rotate()
  world.now += 10 * MINUTE
  const third = await world.open(world.manager([newer]))
  assert.equal(third.find(kid), undefined)
  await second.reload()
  assert.equal(third.current.kid, second.current.kid)
  const stranger = await world.open(world.manager([randomBytes(32)]))
  assert.notEqual(stranger.current.kid, third.current.kid)
})

test('a ring that is replaced in place is followed', async (t) => {
  const world = new World(t)
  const sessions = world.manager()
  const keys = await world.open(sessions)
  const { kid } = keys.current
  sessions.setKeys([randomBytes(32), ...RING])
  await keys.reload()
  assert.equal(keys.current.kid, kid)
})

test('a key that stays is the same object, so that what was verified under it stays known', async (t) => {
  const world = new World(t)
  const keys = await world.open()
  const found = keys.find(keys.current.kid)
  await keys.reload()
  await keys.rotate()
  assert.equal(keys.find(keys.current.kid), found)
})

test('compromised keys are gone at once with what they signed, the next one too', async (t) => {
  const world = new World(t)
  const [one, two] = [await world.open(), await world.open()]
  const verifier = world.verifier(two)
  const old = world.sign(one)
  verifier.verify(old)
  await one.rotate()
  await Promise.all([one.rotate({ compromised: true }), one.reload()])
  assert.deepEqual(states(one.list()), ['current'])
  const fresh = world.sign(one)
  refused(old, 'unknown_key', world.verifier(one))
  await two.reload()
  refused(old, 'unknown_key', verifier)
  verifier.verify(fresh)
})

test('a key that another process had to hurry is known at the second try', async (t) => {
  const world = new World(t)
  const [one, two] = [await world.open(), await world.open()]
  await one.rotate({ compromised: true })
  const token = world.sign(one)
  refused(token, 'unknown_key', world.verifier(two))
  await two.reload()
  world.verifier(two).verify(token)
})

test('a flood of tokens that name unknown keys asks the store once a second, and so does a store that is down', async (t) => {
  const world = new World(t)
  const keys = await world.open()
  const verifier = world.verifier(keys)
  const find = world.store.find.bind(world.store)
  let calls = 0
  let down = false
  world.store.find = (id) => {
    calls += 1
    if (down) throw new SessionError('ERR_SESSION_STORE_UNAVAILABLE', 'the store is down')
    return find(id)
  }
  const flood = async (use: () => unknown): Promise<number> => {
    const before = calls
    for (let n = 0; n < 200; n++) {
      assert.throws(use)
      await settled()
    }
    return calls - before
  }
  const junk = (): unknown =>
    verifier.verify(forge({ header: { kid: randomBytes(8).toString('hex') } }))
  assert.equal(await flood(junk), 1)
  world.now += 999
  assert.equal(await flood(junk), 0)
  world.now += 1
  assert.equal(await flood(junk), 1)
  down = true
  world.now += MINUTE + 1
  assert.equal(await flood(() => keys.current), 1)
})

test('reload asks the store now, also while it is being asked for the sake of a kid', async (t) => {
  const world = new World(t)
  const [one, two] = [await world.open(), await world.open()]
  const find = world.store.find.bind(world.store)
  let release = (): void => undefined
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  world.store.find = async (id) => {
    const found = await find(id)
    await held
    return found
  }
  assert.equal(two.find('unknown'), undefined)
  await settled()
  world.store.find = find
  await one.rotate({ compromised: true })
  const reloaded = two.reload()
  release()
  await reloaded
  assert.equal(two.current.kid, one.current.kid)
})

test('when everyone is revoked the keys end too, and new ones sign', async (t) => {
  const world = new World(t)
  const sessions = world.manager()
  const keys = await world.open(sessions)
  const old = world.sign(keys)
  await sessions.revokeEveryone({ reason: 'breach' })
  await keys.reload()
  refused(old, 'unknown_key', world.verifier(keys))
  world.verifier(keys).verify(world.sign(keys))
  const again = await world.open()
  assert.equal(again.current.kid, keys.current.kid)
})

test('keys that the store has not confirmed for a minute are not used, and are again when it answers', async (t) => {
  const world = new World(t)
  const find = world.store.find.bind(world.store)
  const keys = await world.open()
  const { kid } = keys.current
  let down = true
  world.store.find = (id) => {
    if (!down) return find(id)
    throw new SessionError('ERR_SESSION_STORE_UNAVAILABLE', 'the store is down')
  }
  await assert.rejects(keys.reload(), { code: 'ERR_SESSION_STORE_UNAVAILABLE' })
  world.now += MINUTE
  assert.ok(keys.find(kid))
  world.now += 1
  for (const use of [
    () => keys.find(kid),
    () => keys.current,
    () => keys.jwks(),
    () => keys.list(),
  ])
    assert.throws(use, { code: 'ERR_TOKEN_KEYS_UNAVAILABLE', status: 503, retryable: true })
  down = false
  await keys.reload()
  assert.ok(keys.find(kid))
})

test('processes that share a store share its keys, and rotate once', async () => {
  const folder = freshFolder()
  const key = randomBytes(32).toString('base64url')
  const script = new URL('./support/sharing-process.js', import.meta.url)
  const children = Array.from({ length: 4 }, () => fork(script, [folder, key]))
  const ends = children.map((child) => once(child, 'exit'))
  await Promise.all(children.map((child) => once(child, 'message')))
  const answers = children.map((child) => once(child, 'message'))
  for (const child of children) child.send('go')
  const lists = (await Promise.all(answers)).map(([kids]) => JSON.stringify(kids))
  assert.equal(new Set(lists).size, 1)
  assert.equal(JSON.parse(lists[0] ?? '[]').length, 2)
  await Promise.all(ends)
})

test('an option that is unknown, of the wrong type or out of bounds is refused by its name', async (t) => {
  const sessions = new World(t).manager()
  const wrong: readonly [object, RegExp][] = [
    [{ nam: 'x' }, /unknown option 'nam'/],
    [{ name: '' }, /name must be/],
    [{ algorithm: 'HS256' }, /algorithm must be/],
    [{ reloadInterval: 60_000 }, /reloadInterval must be/],
  ]
  for (const [options, message] of wrong)
    await assert.rejects(storeKeySet(sessions, options), message)
  await assert.rejects(storeKeySet({ close: () => Promise.resolve() }), /sessions must come from/)
})
