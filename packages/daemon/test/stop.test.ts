import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { newFolder, track } from '@holdfast/test-servers/process'
import { until } from '@holdfast/test-servers/wait'
import { ask, signIn } from './support/client.js'
import { launchDaemon, startDaemon } from './support/daemon.js'

const SHOP = '[apps.shop]\nrights = ["authenticate"]\n'

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
