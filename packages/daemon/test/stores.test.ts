import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { migrate } from '@holdfast/postgres'
import { PostgresServer, skipPostgres } from '@holdfast/test-servers/postgres'
import { newFolder } from '@holdfast/test-servers/process'
import { RedisServer, skipRedis } from '@holdfast/test-servers/redis'
import { until } from '@holdfast/test-servers/wait'
import { type Answer, ask, signIn } from './support/client.js'
import { startDaemon, type TestDaemon } from './support/daemon.js'

const SHOP = '[apps.shop]\nrights = ["authenticate"]\n'
const IMPATIENT = { HOLDFAST_LIMITS__STORE_TIMEOUT: '450ms' }

function statusOf({ socket }: TestDaemon, path: string, cookie?: string): Promise<number> {
  const door = path === '/readyz' ? 'admin.sock' : 'check.sock'
  return ask(socket(door), { path, ...(cookie === undefined ? {} : { cookie }) }).then(
    ({ status }) => status,
  )
}

test(
  'Redis by configuration: while it is down nobody is let in and nobody signed out; then all goes on',
  { skip: skipRedis },
  async (t) => {
    const redis = await RedisServer.start({
      settings: ['--appendonly', 'yes', '--appendfsync', 'always', '--requirepass', ''],
    })
    t.after(() => redis.remove())
    const daemon = await startDaemon(t, {
      env: IMPATIENT,
      toml: `store.url = "redis://127.0.0.1:${redis.port}"\n${SHOP}`,
    })
    assert.equal(existsSync(join(daemon.folder, 'state/sessions')), false)
    const cookie = await signIn(daemon.socket('apps/shop.sock'), 'ada')
    await until(async () => (await statusOf(daemon, '/v1/check', cookie)) === 204, 'it is there')
    assert.equal(await statusOf(daemon, '/readyz'), 200)
    await redis.kill()
    await until(async () => (await statusOf(daemon, '/readyz')) === 503, 'it is not ready')
    await until(async () => (await statusOf(daemon, '/v1/check', cookie)) === 503, 'it is refused')
    // A daemon that starts now waits for its store like one that runs.
    await daemon.says('reloaded: ', () => daemon.child.kill('SIGHUP'))
    assert.equal(await statusOf(daemon, '/v1/check', cookie), 503)
    await redis.start()
    await until(async () => (await statusOf(daemon, '/readyz')) === 200, 'it is ready')
    await until(async () => (await statusOf(daemon, '/v1/check', cookie)) === 204, 'it is back')
    assert.equal(await daemon.stop(), 0)
  },
)

test(
  'PostgreSQL by configuration, its address in a systemd credential',
  { skip: skipPostgres },
  async (t) => {
    const server = await PostgresServer.start()
    t.after(() => server.remove())
    await migrate(server.pool())
    const credentials = newFolder('c')
    writeFileSync(join(credentials, 'store'), `${server.url}\n`, { mode: 0o600 })
    const daemon = await startDaemon(t, {
      toml: `store.url_file = "store"\n${SHOP}`,
      env: { CREDENTIALS_DIRECTORY: credentials },
    })
    const cookie = await signIn(daemon.socket('apps/shop.sock'), 'ada')
    await until(async () => (await statusOf(daemon, '/v1/check', cookie)) === 204, 'it is there')
    assert.equal(await statusOf(daemon, '/readyz'), 200)
    assert.equal(await daemon.stop(), 0)
  },
)

test('systemd is told when it is ready, reloads and stops', async (t) => {
  const folder = newFolder('d')
  const [told, program] = [join(folder, 'told'), join(folder, 'systemd-notify')]
  writeFileSync(program, `#!/bin/sh\necho "$@" >> ${told}\n`)
  chmodSync(program, 0o755)
  const daemon = await startDaemon(t, {
    env: { NOTIFY_SOCKET: '/nowhere', PATH: `${folder}:${process.env['PATH'] ?? ''}` },
  })
  const hears = (pattern: RegExp): Promise<void> =>
    until(() => existsSync(told) && pattern.test(readFileSync(told, 'utf8')), String(pattern))
  await hears(/^--pid=\d+ --ready --status=version .*1 worker,/m)
  daemon.child.kill('SIGHUP')
  await hears(/RELOADING=1[^]* READY=1/)
  await daemon.stop()
  await hears(/STOPPING=1/)
})

test('a request waits for the store as long as the configuration says, and is refused then', async (t) => {
  const daemon = await startDaemon(t, {
    toml: SHOP,
    env: { HOLDFAST_LIMITS__STORE_TIMEOUT: '1ms' },
  })
  const door = daemon.socket('apps/shop.sock')
  const begin = (): Promise<Answer> =>
    ask(door, { path: '/v1/session', body: { set: { big: 'x'.repeat(50_000) } } })
  // No disk writes ten megabytes in a millisecond.
  const answers = await Promise.all(Array.from({ length: 200 }, begin))
  const refused = answers.find(({ status }) => status === 503)
  assert.match(refused?.body ?? '', /ERR_SESSION_STORE_TIMEOUT/)
})
