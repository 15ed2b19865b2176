import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { until } from '@holdfast/test-servers/wait'
import { ask, signIn, startLoad, total, wrongOf } from './support/client.js'
import { startDaemon, type TestDaemon } from './support/daemon.js'

const SHOP = '[apps.shop]\nrights = ["authenticate"]\n'

interface Keys {
  readonly managed: boolean
  readonly keys: readonly { readonly id: string; readonly signs: boolean }[]
}

async function keysOf({ socket }: TestDaemon, path = '/v1/keys', body?: unknown): Promise<Keys> {
  const answer = await ask(socket('admin.sock'), { path, ...(body === undefined ? {} : { body }) })
  assert.equal(answer.status, 200, answer.body)
  return JSON.parse(answer.body) as Keys
}

function check({ socket }: TestDaemon, cookie: string): Promise<number> {
  return ask(socket('check.sock'), { path: '/v1/check', cookie }).then(({ status }) => status)
}

test('keys are rotated under load: no token is refused, old or new', async (t) => {
  const daemon = await startDaemon(t, { toml: SHOP, workers: 2 })
  const shop = daemon.socket('apps/shop.sock')
  const cookies = [await signIn(shop, 'ada')]
  const load = startLoad(t, daemon.socket('check.sock'), cookies)
  const before = await keysOf(daemon)
  assert.deepEqual([before.managed, before.keys.length], [true, 1])
  for (let round = 0; round < 6; round++) {
    const [rotated] = await Promise.all([
      keysOf(daemon, '/v1/keys/rotate', null),
      // While the keys change hands: the load checks each of them from now on, at any worker.
      ...[1, 2, 3, 4].map(async (n) => cookies.push(await signIn(shop, `bob-${round}-${n}`))),
    ])
    assert.deepEqual(
      rotated.keys.map(({ signs }) => signs),
      [true, ...rotated.keys.slice(1).map(() => false)],
    )
    cookies.push(await signIn(shop, `eve-${round}`))
  }
  const reached = total(load) + 10 * cookies.length
  await until(() => total(load) > reached, 'each is checked')
  await load.stop()
  assert.deepEqual(wrongOf(load), [])
  const { keys } = await keysOf(daemon)
  assert.equal(keys.length, 7)
  // A restart knows them all.
  await daemon.stop()
  const next = await startDaemon(t, { toml: SHOP, folder: daemon.folder, workers: 2 })
  assert.deepEqual((await keysOf(next)).keys, keys)
  for (const cookie of cookies) assert.equal(await check(next, cookie), 204)
})

test('no key signs before every worker knows it', async (t) => {
  const daemon = await startDaemon(t, { toml: SHOP, workers: 2 })
  const [old] = (await keysOf(daemon)).keys
  const [slow = 0] = daemon.workers()
  process.kill(slow, 'SIGSTOP')
  const rotation = keysOf(daemon, '/v1/keys/rotate', null)
  await until(async () => (await keysOf(daemon)).keys.length === 2, 'the new key is announced')
  const cookie = await signIn(daemon.socket('apps/shop.sock'), 'ada')
  const { keys } = await keysOf(daemon)
  assert.deepEqual([keys[0], keys[1]?.signs], [old, false])
  process.kill(slow, 'SIGCONT')
  const rotated = await rotation
  assert.deepEqual([rotated.keys[0]?.id, rotated.keys[1]?.id], [keys[1]?.id, old?.id])
  const statuses = await Promise.all(Array.from({ length: 8 }, () => check(daemon, cookie)))
  assert.deepEqual(new Set(statuses), new Set([204]))
})

test('a key that is retired is good nowhere, at once; the one that signs stays', async (t) => {
  const daemon = await startDaemon(t, { toml: SHOP, workers: 2 })
  const old = await signIn(daemon.socket('apps/shop.sock'), 'ada')
  const { keys } = await keysOf(daemon, '/v1/keys/rotate', null)
  const young = await signIn(daemon.socket('apps/shop.sock'), 'bob')
  const admin = daemon.socket('admin.sock')
  const signing = await ask(admin, { path: '/v1/keys/retire', body: { id: keys[0]?.id } })
  assert.deepEqual([signing.status, /this key signs/.test(signing.body)], [409, true])
  const unknown = await ask(admin, { path: '/v1/keys/retire', body: { id: 'none' } })
  assert.deepEqual([unknown.status, /no key of this name/.test(unknown.body)], [409, true])
  const left = await keysOf(daemon, '/v1/keys/retire', { id: keys[1]?.id })
  assert.deepEqual(
    left.keys.map(({ id }) => id),
    [keys[0]?.id],
  )
  const answers = [1, 2, 3, 4, 5, 6].flatMap(() => [check(daemon, old), check(daemon, young)])
  assert.deepEqual(new Set(await Promise.all(answers)), new Set([401, 204]))
  assert.equal(await check(daemon, old), 401)
  const text = readFileSync(join(daemon.folder, 'state/keys.json'), 'utf8')
  assert.equal((JSON.parse(text) as { keys: unknown[] }).keys.length, 1)
})

test('a worker that hangs cannot keep a key alive: it is replaced before the answer comes', async (t) => {
  const daemon = await startDaemon(t, { toml: SHOP, workers: 2 })
  const old = await signIn(daemon.socket('apps/shop.sock'), 'ada')
  const { keys } = await keysOf(daemon, '/v1/keys/rotate', null)
  const [hanging = 0] = daemon.workers()
  process.kill(hanging, 'SIGSTOP')
  await keysOf(daemon, '/v1/keys/retire', { id: keys[1]?.id })
  await until(() => daemon.workers().length === 2, 'another one is there')
  assert.equal(daemon.workers().includes(hanging), false)
  const statuses = await Promise.all(Array.from({ length: 8 }, () => check(daemon, old)))
  assert.deepEqual(new Set(statuses), new Set([401]))
})

test('keys of the operator: rotation says how; a reload takes the new file without refusing a token', async (t) => {
  const [first, second] = [randomBytes(32), randomBytes(32)].map((key) => key.toString('base64url'))
  const daemon = await startDaemon(t, { toml: SHOP, workers: 2 })
  const file = join(daemon.folder, 'keys')
  writeFileSync(file, `${first}\n`, { mode: 0o600 })
  daemon.configure(`keys.file = "./keys"\n${SHOP}`)
  await daemon.says('reloaded: ', () => daemon.child.kill('SIGHUP'))
  const refused = await ask(daemon.socket('admin.sock'), { path: '/v1/keys/rotate', body: null })
  assert.equal(refused.status, 409)
  assert.match(refused.body, /keys are your own: add the new key as the first line/)
  const shop = daemon.socket('apps/shop.sock')
  const cookies = [await signIn(shop, 'ada')]
  const load = startLoad(t, daemon.socket('check.sock'), cookies)
  writeFileSync(file, `${second}\n${first}\n`, { mode: 0o600 })
  const signing = new AbortController()
  const signers = (async (): Promise<void> => {
    for (let n = 0; !signing.signal.aborted; n++) cookies.push(await signIn(shop, `bob-${n}`))
  })()
  await daemon.says('reloaded: ', () => daemon.child.kill('SIGHUP'))
  cookies.push(await signIn(shop, 'last'))
  const reached = total(load) + 2 * cookies.length
  await until(() => total(load) > reached, 'each is checked')
  signing.abort()
  await Promise.all([signers, load.stop()])
  assert.deepEqual(wrongOf(load), [])
  const { managed, keys } = await keysOf(daemon)
  assert.deepEqual([managed, keys.length], [false, 2])
})
