import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { SessionError } from '@holdfast/core'
import { end, freePort, newFolder } from '@holdfast/test-servers/process'
import { until } from '@holdfast/test-servers/wait'
import { readKeyFile, writeKeyFile } from '../src/lib/keys/key-file.js'
import { ask, signIn } from './support/client.js'
import { launchDaemon, startDaemon } from './support/daemon.js'

const SHOP = '[apps.shop]\nrights = ["authenticate"]\n'

function modeOf(path: string): string {
  return (statSync(path).mode & 0o7777).toString(8)
}

test('it starts, answers at every door, and stops with nothing left behind', async (t) => {
  const port = await freePort()
  const daemon = await startDaemon(t, {
    workers: 2,
    toml: `${SHOP}mode = "0640"\n[check]\nlisten = "127.0.0.1:${port}"\n`,
  })
  const modes = ['', 'apps', 'check.sock', 'admin.sock', 'apps/shop.sock'].map((name) =>
    modeOf(daemon.socket(name)),
  )
  assert.deepEqual(modes, ['755', '755', '660', '600', '640'])
  assert.deepEqual(
    [modeOf(join(daemon.folder, 'state')), modeOf(join(daemon.folder, 'state/keys.json'))],
    ['700', '600'],
  )
  const cookie = await signIn(daemon.socket('apps/shop.sock'), 'ada')
  for (const target of [daemon.socket('check.sock'), { port }]) {
    assert.equal((await ask(target, { path: '/v1/check', cookie })).status, 204)
    assert.equal((await ask(target, { path: '/v1/check' })).status, 401)
  }
  assert.equal(daemon.workers().length, 2)
  assert.equal(await daemon.stop(), 0)
  for (const name of ['check.sock', 'admin.sock', 'apps/shop.sock', 'daemon.pid'])
    assert.equal(existsSync(daemon.socket(name)), false, name)
  assert.equal(existsSync(join(daemon.folder, 'state/daemon.pid')), false)
})

const NOT_ROOT = process.getuid?.() !== 0 && 'another user can be tried by root alone'

test('who may not open a socket is nobody there; its group is', { skip: NOT_ROOT }, async (t) => {
  const [group, other] = [40_123, 40_124]
  const folder = newFolder('d', true)
  chmodSync(folder, 0o755)
  const daemon = await startDaemon(t, { folder, toml: `${SHOP}group = "${group}"\n` })
  const tries = (name: string, gid: number): string => {
    const connect = `require('net').connect(process.argv[1])
      .on('connect', function () { process.stdout.write('in'); this.destroy() })
      .on('error', ({ code }) => process.stdout.write(code))`
    const args = ['-e', connect, daemon.socket(name)]
    return spawnSync(process.execPath, args, { uid: 40_125, gid, env: {}, encoding: 'utf8' }).stdout
  }
  assert.equal(tries('apps/shop.sock', group), 'in')
  assert.equal(tries('apps/shop.sock', other), 'EACCES')
  for (const name of ['check.sock', 'admin.sock']) assert.equal(tries(name, group), 'EACCES')
})

test('sessions and keys survive a restart', async (t) => {
  const first = await startDaemon(t, { toml: SHOP })
  const cookie = await signIn(first.socket('apps/shop.sock'), 'ada')
  await first.stop()
  const { socket } = await startDaemon(t, { toml: SHOP, folder: first.folder })
  assert.equal((await ask(socket('check.sock'), { path: '/v1/check', cookie })).status, 204)
})

test('a configuration that is wrong is said with every mistake, and nothing is started', async (t) => {
  const daemon = launchDaemon(t, { toml: '[session]\nidle_timout = "5m"\npreset = "x"' })
  await once(daemon.child, 'exit')
  assert.equal(daemon.child.exitCode, 1)
  assert.match(
    daemon.said(),
    /holdfast\.toml:4: session\.idle_timout: .* did you mean idle_timeout\?/,
  )
  assert.match(daemon.said(), /holdfast\.toml:5: session\.preset: must be one of/)
  assert.equal(existsSync(join(daemon.folder, 'run')), false)
})

test('folders that cannot be made are named with the remedy', async (t) => {
  const folder = newFolder('d')
  const file = join(folder, 'file')
  writeFileSync(file, '')
  for (const key of ['state', 'run']) {
    const env = { [`HOLDFAST_DAEMON__${key.toUpperCase()}`]: join(file, key) }
    const daemon = launchDaemon(t, { folder, env })
    if (daemon.child.exitCode === null) await once(daemon.child, 'exit')
    assert.equal(daemon.child.exitCode, 1)
    assert.match(
      daemon.said(),
      new RegExp(`file/${key} cannot be made .*ENOTDIR.* name another folder in daemon.${key}`),
    )
  }
})

test('a second daemon on the same folders is refused, and the first goes on', async (t) => {
  const first = await startDaemon(t, { toml: SHOP })
  const cookie = await signIn(first.socket('apps/shop.sock'), 'ada')
  const others = [
    launchDaemon(t, { folder: first.folder, env: { HOLDFAST_DAEMON__STATE: newFolder('s') } }),
    launchDaemon(t, { folder: first.folder, env: { HOLDFAST_DAEMON__RUN: newFolder('r') } }),
  ]
  for (const other of others) {
    if (other.child.exitCode === null) await once(other.child, 'exit')
    assert.equal(other.child.exitCode, 1)
    assert.match(
      other.said(),
      new RegExp(`another daemon, process ${first.child.pid}, uses .*; stop it, or name another`),
    )
  }
  const check = await ask(first.socket('check.sock'), { path: '/v1/check', cookie })
  assert.equal(check.status, 204)
})

test('after kill -9 of everything the next start takes over the sockets that were left', async (t) => {
  const first = await startDaemon(t, { toml: SHOP })
  const cookie = await signIn(first.socket('apps/shop.sock'), 'ada')
  const workers = first.workers()
  await end(first.child, 'SIGKILL')
  // They know that nobody tells them of keys any more.
  await until(
    () => workers.every((pid) => !existsSync(`/proc/${pid}`)),
    'workers end by themselves',
  )
  assert.equal(existsSync(first.socket('check.sock')), true)
  const { socket } = await startDaemon(t, { toml: SHOP, folder: first.folder })
  assert.equal((await ask(socket('check.sock'), { path: '/v1/check', cookie })).status, 204)
})

test('a socket on which somebody else answers is not taken away', async (t) => {
  const folder = newFolder('d')
  const first = launchDaemon(t, { folder })
  await first.says('ready: ')
  await first.stop()
  const other = createServer()
  other.listen(first.socket('check.sock'))
  await once(other, 'listening')
  t.after(() => other.close())
  const daemon = launchDaemon(t, { folder })
  await once(daemon.child, 'exit')
  assert.match(daemon.said(), /another daemon answers on .*check\.sock; stop it/)
  assert.equal(existsSync(first.socket('check.sock')), true)
})

test('a key file that others may read is refused at the start, with the remedy', async (t) => {
  const folder = newFolder('d')
  const file = join(folder, 'state/keys.json')
  writeKeyFile(file, [{ key: randomBytes(32).toString('base64url'), createdAt: 0 }])
  chmodSync(file, 0o644)
  const daemon = launchDaemon(t, { folder })
  await once(daemon.child, 'exit')
  assert.equal(daemon.child.exitCode, 1)
  assert.match(daemon.said(), /may be read by other users.*chmod 600/)
})

test('a key file is written for its owner alone; a damaged one is refused without what it holds', () => {
  const file = join(newFolder('d'), 'state/keys.json')
  const keys = [{ key: randomBytes(32).toString('base64url'), createdAt: 7 }]
  assert.equal(readKeyFile(file), null)
  writeKeyFile(file, keys)
  assert.deepEqual([modeOf(join(file, '..')), modeOf(file)], ['700', '600'])
  assert.deepEqual(readKeyFile(file), keys)
  const text = readFileSync(file, 'utf8')
  for (const damaged of ['', text.slice(5), text.replace('"version": 1', '"version": 2')]) {
    writeFileSync(file, damaged)
    assert.throws(
      () => readKeyFile(file),
      (error: unknown) =>
        error instanceof SessionError &&
        error.code === 'ERR_SESSION_KEY_INVALID' &&
        /is damaged\. Restore it/.test(error.message) &&
        !inspect(error).includes(keys[0]?.key ?? ''),
    )
  }
})
