import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePort, newFolder } from '@holdfast/test-servers/process'
import { until } from '@holdfast/test-servers/wait'
import { ask, signIn, slowQuestion, startLoad, total, wrongOf } from './support/client.js'
import { startDaemon } from './support/daemon.js'

const SHOP = '[apps.shop]\nrights = ["authenticate"]\n'

function modeOf(path: string): string {
  return (statSync(path).mode & 0o7777).toString(8)
}

test('a worker that is killed under load is replaced, and the others answer', async (t) => {
  const daemon = await startDaemon(t, { toml: SHOP, workers: 2 })
  const cookie = await signIn(daemon.socket('apps/shop.sock'), 'ada')
  const load = startLoad(t, daemon.socket('check.sock'), [cookie])
  const [victim = 0, other = 0] = daemon.workers()
  await until(() => total(load) > 100, 'some are answered')
  process.kill(victim, 'SIGKILL')
  await until(
    () => daemon.workers().length === 2 && !daemon.workers().includes(victim),
    'another one is there',
  )
  const before = total(load)
  await until(() => total(load) > before + 200, 'the load goes on')
  await load.stop()
  assert.equal(daemon.workers().includes(other), true)
  // What the dead one was answering is cut off, nothing else: nobody is told anything wrong.
  const broken = wrongOf(load)
  assert.ok(broken.every((each) => each.startsWith('broken')))
  assert.ok(broken.every((each) => (load.seen.get(each) ?? 0) <= 8))
  assert.match(daemon.said(), new RegExp(`worker ${victim} ended \\(SIGKILL\\)`))
})

test('connections wait while no worker is there', async (t) => {
  const daemon = await startDaemon(t, { toml: SHOP })
  const cookie = await signIn(daemon.socket('apps/shop.sock'), 'ada')
  const [only = 0] = daemon.workers()
  process.kill(only, 'SIGKILL')
  await until(() => !existsSync(`/proc/${only}`), 'it is gone')
  const answer = await ask(daemon.socket('check.sock'), { path: '/v1/check', cookie })
  assert.equal(answer.status, 204)
})

test('SIGHUP under load: the new configuration holds and no request is dropped', async (t) => {
  const daemon = await startDaemon(t, { toml: SHOP, workers: 2 })
  const cookie = await signIn(daemon.socket('apps/shop.sock'), 'ada')
  const load = startLoad(t, daemon.socket('check.sock'), [cookie])
  for (const [mode, name, gone] of [
    ['600', 'blog', 'wiki'],
    ['640', 'wiki', 'blog'],
  ] as const) {
    const before = daemon.workers()
    const reached = total(load) + 100
    await until(() => total(load) > reached, 'some are answered')
    daemon.configure(`${SHOP}mode = "0${mode}"\n[apps.${name}]\n`)
    await daemon.says('reloaded: ', () => daemon.child.kill('SIGHUP'))
    await until(
      () => before.every((pid) => !existsSync(`/proc/${pid}`)),
      'the old workers are gone',
    )
    assert.equal(daemon.workers().length, 2)
    assert.equal(modeOf(daemon.socket('apps/shop.sock')), mode)
    assert.equal(existsSync(daemon.socket(`apps/${name}.sock`)), true)
    assert.equal(existsSync(daemon.socket(`apps/${gone}.sock`)), false)
  }
  await load.stop()
  assert.deepEqual(wrongOf(load), [])
})

test('SIGHUP with a broken file says every mistake and changes nothing', async (t) => {
  const daemon = await startDaemon(t, { toml: SHOP, workers: 2 })
  const cookie = await signIn(daemon.socket('apps/shop.sock'), 'ada')
  const workers = daemon.workers()
  const broken = [
    '[session\n',
    '[check]\nmode = "0666"\nlogin = "x"',
    `${SHOP}[store]\nurl = "redis://"\n[apps.b]\nnamespace = "shop"`,
  ]
  for (const toml of broken) {
    daemon.configure(toml)
    await daemon.says('not reloaded, everything goes on as before', () =>
      daemon.child.kill('SIGHUP'),
    )
  }
  assert.match(daemon.said(), /holdfast\.toml:4: check\.mode: must end in 0/)
  assert.match(daemon.said(), /holdfast\.toml:5: check\.login: must be a path/)
  // Moving house needs a restart.
  writeFileSync(
    join(daemon.folder, 'holdfast.toml'),
    `daemon.state = "${daemon.folder}/other"\ndaemon.run = "${daemon.folder}/run"`,
  )
  await daemon.says('daemon.state has changed: that needs a restart', () =>
    daemon.child.kill('SIGHUP'),
  )
  assert.deepEqual(daemon.workers(), workers)
  const check = await ask(daemon.socket('check.sock'), { path: '/v1/check', cookie })
  assert.equal(check.status, 204)
})

test('workers that cannot start leave the old ones where they are', async (t) => {
  const daemon = await startDaemon(t, { toml: SHOP, workers: 2 })
  const workers = daemon.workers()
  const port = await freePort()
  const other: Server = createServer()
  other.listen(port, '127.0.0.1')
  await once(other, 'listening')
  t.after(() => other.close())
  daemon.configure(`${SHOP}[check]\nlisten = "127.0.0.1:${port}"\n[apps.new]\n`)
  await daemon.says('not reloaded', () => daemon.child.kill('SIGHUP'))
  assert.match(daemon.said(), /EADDRINUSE/)
  assert.deepEqual(daemon.workers(), workers)
  assert.equal(existsSync(daemon.socket('apps/new.sock')), false)
  assert.equal((await ask(daemon.socket('check.sock'), { path: '/v1/check' })).status, 401)
})

test('what fails at the end of a reload takes back all that was done before it', async (t) => {
  const [port, other] = [await freePort(), await freePort()]
  const toml = (at: number, more: string): string =>
    `${SHOP}[monitor]\nlisten = "127.0.0.1:${at}"\n${more}`
  const daemon = await startDaemon(t, { toml: toml(port, '[apps.blog]\n') })
  const [worker = 0] = daemon.workers()
  const refused = toml(other, '[admin]\nmode = "0640"\n[audit]\nfile = "/nowhere/audit"\n')
  daemon.configure(refused)
  await daemon.says('not reloaded', () => daemon.child.kill('SIGHUP'))
  assert.match(daemon.said(), /the audit log \/nowhere\/audit cannot be opened \(ENOENT\)/)
  const blog = daemon.socket('apps/blog.sock')
  const works = async (): Promise<void> => {
    assert.equal((await ask(blog, { path: '/v1/session' })).status, 200)
    assert.equal((await ask({ port }, { path: '/healthz' })).status, 200)
  }
  await works()
  await assert.rejects(ask({ port: other }, { path: '/healthz' }), /ECONNREFUSED/)
  assert.equal(modeOf(daemon.socket('admin.sock')), '600')
  // The worker that replaces one inherits the same sockets.
  process.kill(worker, 'SIGKILL')
  await until(() => !existsSync(`/proc/${worker}`), 'it is gone')
  await works()
  daemon.configure(refused.replace('/nowhere', daemon.folder))
  await daemon.says('reloaded: ', () => daemon.child.kill('SIGHUP'))
  assert.equal((await ask({ port: other }, { path: '/healthz' })).status, 200)
  assert.equal(modeOf(daemon.socket('admin.sock')), '640')
  assert.equal(existsSync(blog), false)
})

test('a worker that fails when its sockets are there leaves none of them behind', async (t) => {
  const folder = newFolder('d')
  const [hook, flag] = [join(folder, 'hook.cjs'), join(folder, 'fail')]
  // Ends a worker in the midst of its start.
  writeFileSync(
    hook,
    `if (/worker\\.js$/.test(process.argv[1]) && require('node:fs').existsSync('${flag}'))
      process.on('message', () => process.exit(7))`,
  )
  const env = { NODE_OPTIONS: `--require ${hook}` }
  const daemon = await startDaemon(t, { folder, toml: SHOP, workers: 2, env })
  const workers = daemon.workers()
  const port = await freePort()
  writeFileSync(flag, '')
  daemon.configure(`${SHOP}[check]\nlisten = "127.0.0.1:${port}"\n[apps.new]\n`)
  await daemon.says('not reloaded', () => daemon.child.kill('SIGHUP'))
  assert.match(daemon.said(), /the workers do not start: worker \d+ ended \(code 7\)/)
  assert.deepEqual(daemon.workers(), workers)
  assert.deepEqual(readdirSync(daemon.socket('apps')), ['shop.sock'])
  await assert.rejects(ask({ port }, { path: '/v1/check' }), /ECONNREFUSED/)
  assert.equal((await ask(daemon.socket('check.sock'), { path: '/v1/check' })).status, 401)
  rmSync(flag)
  await daemon.says('reloaded: ', () => daemon.child.kill('SIGHUP'))
  for (const target of [{ port }, daemon.socket('check.sock')])
    assert.equal((await ask(target, { path: '/v1/check' })).status, 401)
  assert.equal((await ask(daemon.socket('apps/new.sock'), { path: '/v1/session' })).status, 200)
})

test('a worker that finishes what it has still takes keys, and its counters are not missed', async (t) => {
  const daemon = await startDaemon(t, { toml: SHOP })
  const admin = daemon.socket('admin.sock')
  const rejected = async (): Promise<string | undefined> => {
    const { body } = await ask(admin, { path: '/metrics' })
    return /^holdfast_sessions_rejected_total\{reason="malformed"\} (\d+)$/m.exec(body)?.[1]
  }
  const slow = await slowQuestion(daemon.socket('apps/shop.sock'))
  assert.equal(await (await slowQuestion(daemon.socket('apps/shop.sock')))(), 200)
  const [old = 0] = daemon.workers()
  await daemon.says('reloaded: ', () => daemon.child.kill('SIGHUP'))
  assert.equal((await ask(admin, { path: '/v1/keys/rotate', body: null })).status, 200)
  assert.equal(await rejected(), '1')
  assert.equal(existsSync(`/proc/${old}`), true)
  assert.equal(await slow(), 200)
  await until(() => !existsSync(`/proc/${old}`), 'it has ended')
  assert.equal(await rejected(), '2')
})

test('a worker that cannot be started is started later', async (t) => {
  const daemon = await startDaemon(t, { toml: SHOP })
  const { pid = 0 } = daemon.child
  const [only = 0] = daemon.workers()
  // No descriptor is left for the channel of another process.
  const limit = readdirSync(`/proc/${pid}/fd`).length
  execFileSync('prlimit', [`--pid=${pid}`, `--nofile=${limit}:`])
  await daemon.says('a worker cannot be started (EMFILE)', () => process.kill(only, 'SIGKILL'))
  execFileSync('prlimit', [`--pid=${pid}`, '--nofile=1024:'])
  const answer = await ask(daemon.socket('check.sock'), { path: '/v1/check' })
  assert.equal(answer.status, 401)
  assert.equal(await daemon.stop(), 0)
})
