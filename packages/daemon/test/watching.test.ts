import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync, renameSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { freePort, newFolder } from '@holdfast/test-servers/process'
import { until } from '@holdfast/test-servers/wait'
import { ask, signIn } from './support/client.js'
import { startDaemon } from './support/daemon.js'

const SHOP = '[apps.shop]\nrights = ["authenticate"]\n'

/** What the administrators' stream has said so far. */
async function follow(t: TestContext, socketPath: string): Promise<() => string> {
  const asked = request({ socketPath, path: '/v1/events' })
  asked.end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  let text = ''
  response.on('data', (data: Buffer) => (text += data.toString()))
  response.on('error', () => undefined)
  t.after(() => asked.destroy())
  return () => text
}

test('what happens in any worker is in the audit log and in the stream of events; SIGHUP opens the log anew', async (t) => {
  const folder = newFolder('d')
  const file = join(folder, 'audit.jsonl')
  const toml = `[audit]\nfile = "${file}"\n${SHOP}`
  const daemon = await startDaemon(t, { folder, toml, workers: 2 })
  const streamed = await follow(t, daemon.socket('admin.sock'))
  const subjects = Array.from({ length: 8 }, (_, index) => `ada-${index}`)
  await Promise.all(subjects.map((each) => signIn(daemon.socket('apps/shop.sock'), each)))
  const has = (text: string): boolean => subjects.every((each) => text.includes(`"${each}"`))
  await until(() => has(streamed()) && has(readFileSync(file, 'utf8')), 'all are told')
  renameSync(file, `${file}.1`)
  await daemon.says('reloaded: ', () => daemon.child.kill('SIGHUP'))
  await signIn(daemon.socket('apps/shop.sock'), 'bob')
  await until(() => existsSync(file) && readFileSync(file, 'utf8').includes('"bob"'), 'bob is told')
  assert.doesNotMatch(readFileSync(`${file}.1`, 'utf8'), /"bob"/)
  // The same where the configuration is broken: whoever rotates logs does not know.
  renameSync(file, `${file}.2`)
  daemon.configure('[broken')
  await daemon.says('not reloaded', () => daemon.child.kill('SIGHUP'))
  await signIn(daemon.socket('apps/shop.sock'), 'eve')
  await until(() => existsSync(file) && readFileSync(file, 'utf8').includes('"eve"'), 'eve is told')
})

test('metrics are those of all processes, and no counter goes back when workers are replaced', async (t) => {
  const port = await freePort()
  const toml = `[monitor]\nlisten = "127.0.0.1:${port}"\n${SHOP}`
  const daemon = await startDaemon(t, { toml, workers: 2 })
  const authenticated = async (): Promise<number> => {
    const { status, body } = await ask({ port }, { path: '/metrics' })
    assert.equal(status, 200)
    const [, count] =
      /^holdfast_sessions_authenticated_total\{again="false"\} (\d+)$/m.exec(body) ?? []
    return Number(count ?? 0)
  }
  for (let n = 1; n <= 6; n++) await signIn(daemon.socket('apps/shop.sock'), `ada-${n}`)
  assert.equal(await authenticated(), 6)
  const workers = daemon.workers()
  await daemon.says('reloaded: ', () => daemon.child.kill('SIGHUP'))
  await until(() => workers.every((pid) => !existsSync(`/proc/${pid}`)), 'the old ones are gone')
  assert.equal(await authenticated(), 6)
  for (let n = 1; n <= 3; n++) await signIn(daemon.socket('apps/shop.sock'), `bob-${n}`)
  assert.equal(await authenticated(), 9)
  for (const path of ['/healthz', '/readyz']) {
    for (const target of [{ port }, daemon.socket('admin.sock')])
      assert.equal((await ask(target, { path })).status, 200)
  }
  // One that hangs or crashes has told its counters when they were last asked for.
  const crashing = daemon.workers()
  process.kill(crashing[0] ?? 0, 'SIGSTOP')
  assert.equal(await authenticated(), 9)
  for (const pid of crashing) process.kill(pid, 'SIGKILL')
  await until(() => crashing.every((pid) => !existsSync(`/proc/${pid}`)), 'they are gone')
  assert.equal(await authenticated(), 9)
})

test('administrators see what runs, end everybody at every worker, and may reload', async (t) => {
  const daemon = await startDaemon(t, { toml: SHOP, workers: 2 })
  const admin = daemon.socket('admin.sock')
  const { body } = await ask(admin, { path: '/v1/status' })
  const { workers, store, ready } = JSON.parse(body) as Record<string, unknown>
  assert.deepEqual([workers, store, ready], [2, 'embedded', true])
  const cookies = await Promise.all(
    ['ada', 'bob'].map((each) => signIn(daemon.socket('apps/shop.sock'), each)),
  )
  const statuses = (): Promise<readonly number[]> =>
    Promise.all(
      Array.from({ length: 16 }, async (_, at) => {
        const cookie = cookies[at % 2] ?? ''
        return (await ask(daemon.socket('check.sock'), { path: '/v1/check', cookie })).status
      }),
    )
  assert.deepEqual(new Set(await statuses()), new Set([204]))
  const ended = await ask(admin, { path: '/v1/revoke', body: { everyone: true } })
  assert.deepEqual([ended.status, ended.body], [200, '{"count":null}'])
  assert.deepEqual(new Set(await statuses()), new Set([401]))
  const before = daemon.workers()
  daemon.configure(`${SHOP}[session]\nidle_timeout = "7m"\n`)
  const reloaded = await ask(admin, { path: '/v1/reload', body: null })
  assert.equal(reloaded.status, 200, reloaded.body)
  assert.ok(daemon.workers().some((pid) => !before.includes(pid)))
  const policy = await ask(admin, { path: '/v1/policy' })
  assert.match(policy.body, /"idleTimeout":420000/)
  daemon.configure('[session]\nidle_timout = "8m"')
  const refused = await ask(admin, { path: '/v1/reload', body: null })
  assert.equal(refused.status, 409)
  assert.match(refused.body, /holdfast\.toml:4: session\.idle_timout: .* did you mean idle_timeout/)
})
