import assert from 'node:assert/strict'
import test from 'node:test'
import { createSessions } from '@holdfast/core'
import { Cluster, Redis } from 'ioredis'
import { createClient } from 'redis'
import { redisStore, type RedisStoreOptions } from '../src/index.js'
import { codeOf, newClient, openStore, redisTest, theServer, withServer } from './lib/harness.js'
import { newId } from '@holdfast/conformance/records'
import { RedisServer } from '@holdfast/test-servers/redis'
import { until } from '@holdfast/test-servers/wait'

withServer('--appendonly', 'yes', '--appendfsync', 'always')

const UNSUPPORTED = 'ERR_SESSION_STORE_UNSUPPORTED'
const KEYS = ['redis-tests/only/hB5ZpF2mX8qRwT7vYcJd6N']

/** What is said of the server as it is set now. */
async function verdict(
  settings: Readonly<Record<string, string>>,
  options: RedisStoreOptions = {},
): Promise<{ readonly code: string; readonly warnings: string }> {
  const { client } = theServer()
  const before: [string, string][] = []
  for (const [name, value] of Object.entries(settings)) {
    const [, old = ''] = await client.config('GET', name)
    before.push([name, old])
    await client.config('SET', name, value)
  }
  const warnings: string[] = []
  const onWarning = (warning: string): unknown => warnings.push(warning)
  const store = redisStore(client, { prefix: 'v:', production: true, onWarning, ...options })
  const code = await codeOf(() => store.find(newId()))
  await store.close()
  for (const [name, old] of before) await client.config('SET', name, old)
  return { code, warnings: warnings.join('\n') }
}

redisTest('a server that forgets nothing is let through, in silence', async () => {
  assert.deepEqual(await verdict({}), { code: 'ok', warnings: '' })
})

redisTest('each setting that forgets a revocation is named and refused', async () => {
  const cases: readonly [Readonly<Record<string, string>>, RegExp][] = [
    [{ appendonly: 'no' }, /appendonly is no/],
    [{ appendfsync: 'no' }, /appendfsync is no/],
    [{ appendfsync: 'everysec' }, /appendfsync is everysec/],
    [{ maxmemory: '100mb', 'maxmemory-policy': 'allkeys-lru' }, /maxmemory-policy is allkeys-lru/],
    [{ maxmemory: '100mb', 'maxmemory-policy': 'volatile-ttl' }, /volatile-ttl/],
  ]
  for (const [settings, words] of cases) {
    const { code, warnings } = await verdict(settings)
    assert.equal(code, UNSUPPORTED, warnings)
    assert.match(warnings, words)
    const lenient = await verdict(settings, { production: false })
    assert.equal(lenient.code, 'ok', 'without production it is only said')
  }
  assert.equal((await verdict({ 'maxmemory-policy': 'allkeys-lru' })).code, 'ok', 'without a limit')
})

redisTest('without production the words come all the same', async (t) => {
  const { client } = theServer()
  await client.config('SET', 'appendonly', 'no')
  t.after(() => client.config('SET', 'appendonly', 'yes'))
  const warnings: string[] = []
  const { store } = openStore(t, { onWarning: (warning) => warnings.push(warning) })
  await store.find(newId())
  await until(() => warnings.length > 0, 'a warning')
  assert.match(warnings.join(), /appendonly is no/)
})

redisTest('settings are read alike whatever the driver and its protocol', async (t) => {
  const { client, server } = theServer()
  await client.config('SET', 'appendonly', 'no')
  t.after(() => client.config('SET', 'appendonly', 'yes'))
  for (const RESP of [2, 3] as const) {
    const other = createClient({ RESP, socket: { path: server.socket, tls: false } })
    await other.connect()
    t.after(() => other.destroy())
    const warnings: string[] = []
    const onWarning = (warning: string): unknown => warnings.push(warning)
    const { store } = openStore(t, { production: true, onWarning }, other)
    assert.equal(await codeOf(() => store.find(newId())), UNSUPPORTED)
    assert.equal(warnings.length, 1, warnings.join())
  }
})

redisTest(
  'a server that forbids CONFIG is believed as far as INFO goes, and said so',
  async (t) => {
    const { client, server } = theServer()
    await client.call('ACL', 'SETUSER', 'managed', 'on', 'nopass', '~*', '&*', '+@all', '-config')
    const managed = new Redis(server.socket, { username: 'managed', password: 'x' })
    t.after(() => managed.disconnect())
    const warnings: string[] = []
    const onWarning = (warning: string): unknown => warnings.push(warning)
    const { store } = openStore(t, { production: true, onWarning }, managed)
    assert.equal(await codeOf(() => store.find(newId())), 'ok')
    assert.match(warnings.join(), /does not allow CONFIG GET/)
    await client.config('SET', 'appendonly', 'no')
    t.after(() => client.config('SET', 'appendonly', 'yes'))
    const { store: other } = openStore(t, { production: true }, managed)
    assert.equal(await codeOf(() => other.find(newId())), UNSUPPORTED)
  },
)

redisTest('a server that tells neither is believed nothing', async (t) => {
  const { client, server } = theServer()
  const set = ['ACL', 'SETUSER', 'managed', 'reset', 'on', 'nopass', '~*', '&*', '+@all'] as const
  for (const rules of [['-@dangerous'], ['-info']]) {
    await client.call(...set, ...rules)
    const managed = new Redis(server.socket, {
      username: 'managed',
      password: 'x',
      enableReadyCheck: false,
    })
    t.after(() => managed.disconnect())
    const warnings: string[] = []
    const onWarning = (warning: string): unknown => warnings.push(warning)
    const { store } = openStore(t, { production: true, onWarning }, managed)
    assert.equal(await codeOf(() => store.find(newId())), UNSUPPORTED, rules.join())
    assert.match(warnings.join(), /connected_slaves/)
  }
})

redisTest(
  'requireReplicas on a server that never refuses for want of them is refused',
  async () => {
    const { code, warnings } = await verdict({}, { requireReplicas: true })
    assert.equal(code, UNSUPPORTED)
    assert.match(warnings, /min-replicas-to-write is 0/)
  },
)

redisTest('WAITAOF on a server that has none is refused in words', async () => {
  const { code, warnings } = await verdict({}, { wait: { replicas: 0, fsync: true } })
  const version = /redis_version:(\d+)\.(\d+)/.exec(await theServer().client.info()) ?? []
  const has = Number(version[1]) > 7 || (Number(version[1]) === 7 && Number(version[2]) >= 2)
  assert.equal(code, has ? 'ok' : UNSUPPORTED)
  if (!has) assert.match(warnings, /WAITAOF/)
})

redisTest('createSessions takes it for production only where it promises', (t) => {
  const { client } = theServer()
  const make = (production: boolean): Promise<void> => {
    const store = redisStore(client, { production, onWarning: () => undefined })
    return createSessions({ store, keys: KEYS, production: true }).close()
  }
  assert.throws(() => make(false), { code: UNSUPPORTED })
  t.after(() => make(true))
  return Promise.resolve()
})

redisTest(
  'a replica that acknowledges lets writes through; one that does not fails them',
  async (t) => {
    const { server } = theServer()
    const replica = await RedisServer.start({
      settings: ['--replicaof', '127.0.0.1', String(server.port)],
    })
    t.after(() => replica.remove())
    const client = newClient(server)
    t.after(() => client.disconnect())
    await until(
      async () => (await client.info('replication')).includes('state=online'),
      'a replica',
    )
    const alone = await verdict({})
    assert.equal(alone.code, UNSUPPORTED, 'a server with a replica, and nobody waits for it')
    assert.match(alone.warnings, /failover/)
    const wait = { replicas: 1, timeout: 200 }
    const warned = await verdict({ appendfsync: 'everysec' }, { wait })
    assert.equal(warned.code, 'ok')
    assert.match(warned.warnings, /min-replicas-to-write/)
    const second = await RedisServer.start({
      settings: ['--replicaof', '127.0.0.1', String(server.port)],
    })
    t.after(() => second.remove())
    const replicas = async (): Promise<string> => await client.info('replication')
    await until(async () => (await replicas()).includes('connected_slaves:2'), 'two replicas')
    const half = await verdict({}, { wait })
    assert.equal(
      half.code,
      UNSUPPORTED,
      'the one that is chosen may be the one that has not got it',
    )
    assert.match(half.warnings, /has 2 replica.*asks for 1.*replicas: 2/)
    assert.equal((await verdict({}, { wait: { ...wait, replicas: 2 } })).code, 'ok')
    await second.remove()
    await until(async () => (await replicas()).includes('connected_slaves:1'), 'one again')
    const { store } = openStore(t, { wait })
    const revoke = (): unknown =>
      store.revoke({ kind: 'subject', subject: 's' }, { at: 1, reason: 'logout' })
    await until(async () => (await codeOf(revoke)) === 'ok', 'the replica has loaded')
    await replica.freeze()
    await assert.rejects(async () => await revoke(), /not acknowledged by 1 replica/)
    assert.equal(await codeOf(() => store.find(newId())), 'ok', 'reads need no acknowledgement')
    replica.thaw()
    await until(async () => (await codeOf(revoke)) === 'ok', 'the replica is back')
  },
)

test('wrong options and clients are refused by name', () => {
  const client = new Redis({ lazyConnect: true })
  const bad: readonly (readonly [object, string])[] = [
    [{ prefix: '' }, 'ERR_SESSION_CONFIG'],
    [{ prefix: '{a}' }, 'ERR_SESSION_CONFIG'],
    [{ prefix: 'a\r\n' }, 'ERR_SESSION_CONFIG'],
    [{ prefix: 'x'.repeat(65) }, 'ERR_SESSION_CONFIG'],
    [{ timeout: 0 }, 'ERR_SESSION_CONFIG'],
    [{ heartbeat: 1.5 }, 'ERR_SESSION_CONFIG'],
    [{ wait: { replicas: 0 } }, 'ERR_SESSION_CONFIG'],
    [{ wait: { replicas: 1, timeout: 400 } }, 'ERR_SESSION_CONFIG'],
  ]
  for (const [options, code] of bad) assert.throws(() => redisStore(client, options), { code })
  for (const options of [
    { prefx: 'a' },
    { prefix: 1 },
    { production: 'yes' },
    { requireReplicas: 1 },
    { onWarning: 1 },
  ]) {
    const wrong: object = options
    assert.throws(() => redisStore(client, wrong), TypeError)
  }
  const nobody: unknown[] = [null, undefined, {}, 'redis://localhost', 5]
  for (const each of nobody) assert.throws(() => redisStore(each as Redis), TypeError)
  const renaming = new Redis({ lazyConnect: true, keyPrefix: 'app:' })
  assert.throws(() => redisStore(renaming), { code: 'ERR_SESSION_CONFIG' })
  const replicas = new Cluster([{ port: 1 }], { lazyConnect: true, scaleReads: 'slave' })
  assert.throws(() => redisStore(replicas), { code: 'ERR_SESSION_CONFIG' })
  const sentinels = [{ port: 1 }]
  const replica = new Redis({ lazyConnect: true, sentinels, name: 'main', role: 'slave' })
  assert.throws(() => redisStore(replica), { code: 'ERR_SESSION_CONFIG' })
  const main = new Redis({ lazyConnect: true, sentinels, name: 'main', role: 'master' })
  assert.doesNotThrow(() => redisStore(main))
})
