import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { once } from 'node:events'
import { Agent } from 'node:http'
import { request } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { end, freePort, newFolder, track } from '@holdfast/test-servers/process'
import { until } from '@holdfast/test-servers/wait'
import { ask, signIn, startLoad, total } from './support/client.js'
import { launchDaemon, startDaemon } from './support/daemon.js'

const SHOP = '[apps.shop]\nrights = ["authenticate"]\n'

function modeOf(path: string): string {
  return (statSync(path).mode & 0o7777).toString(8)
}

test('it starts, answers at every door, and stops with nothing left behind', async (t) => {
  const port = await freePort()
  const daemon = await startDaemon(t, {
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

test('a second daemon on the same folders is refused, and the first goes on', async (t) => {
  const first = await startDaemon(t, { toml: SHOP })
  const cookie = await signIn(first.socket('apps/shop.sock'), 'ada')
  const others = [
    launchDaemon(t, { folder: first.folder, toml: SHOP }),
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

test('a key file that others may read is refused, with the remedy and without the keys', async (t) => {
  const first = await startDaemon(t)
  await first.stop()
  const file = join(first.folder, 'state/keys.json')
  const text = readFileSync(file, 'utf8')
  for (const [mode, content, said] of [
    [0o644, text, /may be read by other users.*chmod 600/],
    [0o600, text.slice(5), /is damaged\. Restore it/],
    [0o600, text.replace(/"key": "[^"]*"/, '"key": "short"'), /is damaged\. Restore it/],
  ] as const) {
    writeFileSync(file, content)
    const { chmodSync } = await import('node:fs')
    chmodSync(file, mode)
    const daemon = launchDaemon(t, { folder: first.folder })
    await once(daemon.child, 'exit')
    assert.equal(daemon.child.exitCode, 1)
    assert.match(daemon.said(), said)
    const [, key = '-'] = /"key": "([^"]*)"/.exec(text) ?? []
    assert.equal(daemon.said().includes(key), false)
  }
})

test('a worker that is killed under load is replaced, and the others answer', async (t) => {
  const daemon = await startDaemon(t, { toml: SHOP })
  const cookie = await signIn(daemon.socket('apps/shop.sock'), 'ada')
  const load = startLoad(daemon.socket('check.sock'), [cookie])
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
  const statuses = [...load.seen.keys()].filter((each) => !each.startsWith('broken'))
  assert.deepEqual(statuses, ['204'])
  assert.ok([...load.seen].every(([key, count]) => key === '204' || count <= 8))
  assert.match(daemon.said(), new RegExp(`worker ${victim} ended \\(SIGKILL\\)`))
})

test('connections wait while no worker is there', async (t) => {
  const daemon = await startDaemon(t, { toml: SHOP, env: { HOLDFAST_DAEMON__WORKERS: '1' } })
  const cookie = await signIn(daemon.socket('apps/shop.sock'), 'ada')
  const [only = 0] = daemon.workers()
  process.kill(only, 'SIGKILL')
  await until(() => !existsSync(`/proc/${only}`), 'it is gone')
  const answer = await ask(daemon.socket('check.sock'), { path: '/v1/check', cookie })
  assert.equal(answer.status, 204)
})

test('SIGHUP under load: the new configuration holds and no request is dropped', async (t) => {
  const daemon = await startDaemon(t, { toml: SHOP })
  const cookie = await signIn(daemon.socket('apps/shop.sock'), 'ada')
  const load = startLoad(daemon.socket('check.sock'), [cookie])
  for (let round = 0; round < 3; round++) {
    const before = daemon.workers()
    const reached = total(load) + 100
    await until(() => total(load) > reached, 'some are answered')
    daemon.configure(
      `${SHOP}mode = "060${round}"\n[apps.blog${round}]\n`
        .replace('0601', '0640')
        .replace('0602', '0660'),
    )
    await daemon.says('reloaded: ', () => daemon.child.kill('SIGHUP'))
    await until(
      () => before.every((pid) => !existsSync(`/proc/${pid}`)),
      'the old workers are gone',
    )
    assert.equal(daemon.workers().length, 2)
    assert.equal(modeOf(daemon.socket('apps/shop.sock')), ['600', '640', '660'][round])
    assert.equal(existsSync(daemon.socket(`apps/blog${round}.sock`)), true)
    assert.equal(existsSync(daemon.socket(`apps/blog${round - 1}.sock`)), false)
  }
  await load.stop()
  assert.deepEqual([...load.seen.keys()], ['204'])
})

test('SIGHUP with a broken file says every mistake and changes nothing', async (t) => {
  const daemon = await startDaemon(t, { toml: SHOP })
  const cookie = await signIn(daemon.socket('apps/shop.sock'), 'ada')
  const workers = daemon.workers()
  const broken = ['[session\n', '[check]\nmode = "0666"\nlogin = "x"', 'daemon.workers = 2\n']
  for (const toml of broken) {
    daemon.configure(
      toml === broken[2] ? `${SHOP}[store]\nurl = "redis://"\n[apps.b]\nnamespace = "shop"` : toml,
    )
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
  const daemon = await startDaemon(t, { toml: SHOP })
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

test('a graceful stop waits for a slow request; nobody else is let in', async (t) => {
  const daemon = await startDaemon(t, { toml: SHOP })
  const socketPath = daemon.socket('apps/shop.sock')
  const slow = request({
    socketPath,
    method: 'POST',
    path: '/v1/session/authenticate',
    agent: false,
    headers: {
      'Content-Type': 'application/json',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'x',
      'Transfer-Encoding': 'chunked',
    },
  })
  const answered = once(slow, 'response')
  slow.write('{"subject":')
  await until(() => slow.socket?.connecting === false, 'it is under way')
  await ask(socketPath, { path: '/v1/session' })
  await daemon.says('stopping', () => daemon.child.kill('SIGTERM'))
  await until(() => !existsSync(socketPath), 'the socket is gone')
  slow.end('"ada"}')
  const [response] = (await answered) as [{ statusCode: number; resume(): void }]
  response.resume()
  assert.equal(response.statusCode, 200)
  if (daemon.child.exitCode === null) await once(daemon.child, 'exit')
  assert.equal(daemon.child.exitCode, 0)
})

test('what takes longer than stop_timeout is cut off; a worker that hangs is killed', async (t) => {
  const daemon = await startDaemon(t, { toml: '[limits]\nstop_timeout = "300ms"' })
  const [hanging = 0] = daemon.workers()
  process.kill(hanging, 'SIGSTOP')
  const agent = new Agent({ keepAlive: true })
  t.after(() => agent.destroy())
  assert.equal(await daemon.stop(), 0)
  assert.equal(existsSync(`/proc/${hanging}`), false)
})

test('a second signal ends it at once', async (t) => {
  const daemon = await startDaemon(t, { toml: '[limits]\nstop_timeout = "10m"' })
  const workers = daemon.workers()
  for (const pid of workers) process.kill(pid, 'SIGSTOP')
  await daemon.says('stopping', () => daemon.child.kill('SIGTERM'))
  daemon.child.kill('SIGINT')
  await once(daemon.child, 'exit')
  assert.equal(daemon.child.exitCode, 1)
  await until(() => workers.every((pid) => !existsSync(`/proc/${pid}`)), 'no worker is left')
})

test('sockets of systemd are taken over, and stay', async (t) => {
  const folder = newFolder('d')
  const [check, shop] = [join(folder, 'c.sock'), join(folder, 's.sock')]
  // Between its fork and its exec systemd sets LISTEN_PID; here a shell does, which then becomes the daemon.
  const opener = track(
    spawn(
      process.execPath,
      [new URL('./support/activator.js', import.meta.url).pathname, check, shop],
      {
        stdio: ['pipe', 'pipe', 'inherit', 'ipc'],
      },
    ),
  )
  const daemon = launchDaemon(t, {
    folder,
    toml: SHOP,
    start: (args, env) => {
      opener.send({ args, env })
      return opener
    },
  })
  await once(opener, 'message')
  assert.equal(existsSync(daemon.socket('check.sock')), false)
  const cookie = await signIn(shop, 'ada')
  assert.equal((await ask(check, { path: '/v1/check', cookie })).status, 204)
})

test('--check-config says what is in force without secrets, or all that is wrong', async (t) => {
  const daemon = await startDaemon(t, { toml: SHOP })
  const run = async (toml: string): Promise<readonly [number | null, string]> => {
    daemon.configure(toml)
    const child = spawn(process.execPath, [
      new URL('../../bin/holdfastd.js', import.meta.url).pathname,
      '--check-config',
      '--config',
      join(daemon.folder, 'holdfast.toml'),
    ])
    let text = ''
    child.stdout.on('data', (data: Buffer) => (text += data.toString()))
    child.stderr.on('data', (data: Buffer) => (text += data.toString()))
    await once(child, 'close')
    return [child.exitCode, text]
  }
  const [code, text] = await run(
    '[store]\nurl = "redis://:hunter2@h"\n[session]\nidle_timeout = "7m"',
  )
  assert.equal(code, 0)
  assert.match(text, /idle_timeout = "7m"/)
  assert.match(text, /url = "\(hidden\)"/)
  assert.match(text, /OWASP/)
  assert.doesNotMatch(text, /hunter2/)
  const [wrong, said] = await run('[session]\npreset = "x"\n[check]\ncache = 1')
  assert.equal(wrong, 1)
  assert.match(said, /:4: session\.preset: .*\n.*:6: check\.cache: /)
})
