import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { newFolder, track } from '@holdfast/test-servers/process'
import { until } from '@holdfast/test-servers/wait'
import { activatedSockets, strangeSockets } from '../src/lib/process/activation.js'
import { ask, signIn, slowQuestion } from './support/client.js'
import { launchDaemon, startDaemon } from './support/daemon.js'
import { settings } from './support/settings.js'

const LISTEN = { LISTEN_PID: '7', LISTEN_FDS: '3', LISTEN_FDNAMES: 'check:app-shop.socket:shop' }
const SHOP = '[apps.shop]\nrights = ["authenticate"]\n'

test('a graceful stop waits for a slow request, and nobody else is let in; what happens last is in the audit log', async (t) => {
  const folder = newFolder('d')
  const file = join(folder, 'audit.jsonl')
  const daemon = await startDaemon(t, { folder, toml: `${SHOP}[audit]\nfile = "${file}"\n` })
  const socketPath = daemon.socket('apps/shop.sock')
  const slow = await slowQuestion(socketPath)
  await daemon.says('stopping', () => daemon.child.kill('SIGTERM'))
  await until(() => !existsSync(socketPath), 'the socket is gone')
  assert.equal(await slow(), 200)
  if (daemon.child.exitCode === null) await once(daemon.child, 'exit')
  assert.equal(daemon.child.exitCode, 0)
  assert.match(readFileSync(file, 'utf8'), /"type":"session_rejected"/)
})

test('what takes longer than stop_timeout is cut off; a worker that hangs is killed', async (t) => {
  const daemon = await startDaemon(t, { toml: '[limits]\nstop_timeout = "300ms"', workers: 2 })
  const [hanging = 0] = daemon.workers()
  process.kill(hanging, 'SIGSTOP')
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

test('two signals end it at once, also while it starts', async (t) => {
  const folder = newFolder('d')
  const hook = join(folder, 'hook.cjs')
  writeFileSync(
    hook,
    `if (/worker\\.js$/.test(process.argv[1])) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)`,
  )
  const daemon = launchDaemon(t, { folder, env: { NODE_OPTIONS: `--require ${hook}` } })
  await until(() => daemon.workers().length === 1, 'it starts')
  const [worker = 0] = daemon.workers()
  t.after(() => {
    if (existsSync(`/proc/${worker}`)) process.kill(worker, 'SIGKILL')
  })
  daemon.child.kill('SIGTERM')
  daemon.child.kill('SIGINT')
  await until(() => daemon.child.exitCode === 1, 'it has ended')
  await until(() => !existsSync(`/proc/${worker}`), 'its worker too')
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

test('a socket of systemd that is no door is named: nobody would answer there', () => {
  const [said, ...more] = strangeSockets(activatedSockets(LISTEN, 7), settings({ apps: ['shop'] }))
  assert.match(String(said), /called "shop", .* must be one of check, admin, monitor, app-shop$/)
  assert.deepEqual(more, [])
  assert.equal(activatedSockets(LISTEN, 8).size, 0, 'those of another process are none')
})

test('--check-config says what is in force without secrets, or all that is wrong', async () => {
  const file = join(newFolder('d'), 'holdfast.toml')
  const run = async (toml: string): Promise<readonly [number | null, string]> => {
    writeFileSync(file, toml)
    const child = spawn(process.execPath, [
      new URL('../../bin/holdfastd.js', import.meta.url).pathname,
      '--check-config',
      '--config',
      file,
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
  assert.match(said, /:2: session\.preset: .*\n.*:4: check\.cache: /)
})

test('who reads what it says may go away', async (t) => {
  const daemon = await startDaemon(t, { toml: SHOP })
  daemon.child.stderr?.destroy()
  const [worker = 0] = daemon.workers()
  process.kill(worker, 'SIGKILL')
  await until(() => daemon.workers().some((pid) => pid !== worker), 'another one is there')
  // The worker says that the check is told of no application.
  const unknown = { path: '/v1/check', app: 'unknown' }
  assert.equal((await ask(daemon.socket('check.sock'), unknown)).status, 500)
  assert.equal((await ask(daemon.socket('check.sock'), { path: '/v1/check' })).status, 401)
  assert.equal(await daemon.stop(), 0)
})

test('systemd is told what happens in the order in which it happens', async (t) => {
  const folder = newFolder('d')
  const [program, told] = [join(folder, 'systemd-notify'), join(folder, 'told')]
  const slow = 'case "$*" in *RELOADING*) sleep 0.2;; esac'
  writeFileSync(program, `#!/bin/sh\n${slow}\necho "$*" >> ${told}\n`)
  chmodSync(program, 0o755)
  const env = { NOTIFY_SOCKET: '/nowhere', PATH: `${folder}:${process.env['PATH']}` }
  const daemon = await startDaemon(t, { folder, toml: SHOP, env })
  daemon.configure('[broken')
  await daemon.says('not reloaded', () => daemon.child.kill('SIGHUP'))
  assert.equal(await daemon.stop(), 0)
  const lines = readFileSync(told, 'utf8').trim().split('\n')
  assert.deepEqual(
    lines.map((line) => line.replace(/--pid=\d+ /, '').replace(/ --status=.*/, '')),
    ['--ready', 'RELOADING=1', 'READY=1', 'STOPPING=1'],
  )
})
