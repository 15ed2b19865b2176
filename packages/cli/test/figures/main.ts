import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { connectAdmin, connectApp } from '@holdfast/client'
import type { Polled, PolledDoor } from './poller.js'

const HELP = `npm run figures -w @holdfast/cli -- [--rounds n] [--connections n]

Prints how long after 'holdfast sessions revoke' the session is still taken anywhere: at the check of a web server and at two
applications of a daemon with two workers, each asked without a pause over so many kept connections, default 4. Measured to the answer
that came last, from the end of the command, and from the daemon's answer to an administrator's call.
`
const MAIN = fileURLToPath(new URL('../../../bin/holdfast.js', import.meta.url))
const POLLER = fileURLToPath(new URL('poller.js', import.meta.url))
/** Asking goes on so long before a revocation, and after it. */
const SETTLE = 500

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '30' },
    connections: { type: 'string', default: '4' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(HELP)
else await main(Number(values.rounds), Number(values.connections))

async function main(rounds: number, connections: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'revoked-'))
  const daemon = await start(folder)
  const admin = connectAdmin({ socket: join(folder, 'run/admin.sock') })
  const byCommand = (id: string): Promise<void> => command(folder, ['sessions', 'revoke', id])
  const byCall = async (id: string): Promise<void> => void (await admin.revoke({ session: id }))
  try {
    print(`load average ${loadavg()[0]?.toFixed(1)}; ${rounds} rounds, ${connections} connections`)
    await measure('from the end of `holdfast sessions revoke`', folder, byCommand)
    await measure("from the answer to an administrator's call", folder, byCall)
  } finally {
    await admin.close()
    daemon.kill('SIGTERM')
    await once(daemon, 'exit')
    rmSync(folder, { recursive: true, force: true })
  }

  async function measure(
    what: string,
    place: string,
    revoke: (id: string) => Promise<void>,
  ): Promise<void> {
    const late: number[] = []
    const whole: number[] = []
    let [answers, coarse] = [0, 0]
    for (let round = 0; round < rounds; round++) {
      const { id, doors } = await signIn(place)
      const poller = fork(POLLER, { serialization: 'advanced' })
      poller.send({ doors, connections })
      await sleep(SETTLE)
      const begun = process.hrtime.bigint()
      await revoke(id)
      const ended = process.hrtime.bigint()
      await sleep(SETTLE)
      poller.send('enough')
      const polled = await resultsOf(poller)
      const last = polled.map(({ acceptedAt }) => acceptedAt).reduce((a, b) => (a > b ? a : b))
      late.push(Math.max(0, Number(last - ended) / 1e6))
      whole.push(Number(last - begun) / 1e6)
      answers += polled.reduce((sum, each) => sum + each.answers, 0)
      coarse = Math.max(coarse, ...polled.map((each) => each.coarse))
      const taken = polled.filter(({ refused }) => !refused)
      if (taken.length > 0) throw new Error(`still taken: ${taken.map(({ name }) => name).join()}`)
    }
    print(
      `${what}: ${shown(late)}; from its beginning: ${shown(whole)}; ${answers} answers, at most ${coarse.toFixed(1)} ms apart`,
    )
  }
}

function shown(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (part: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(1)
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

async function resultsOf(poller: ChildProcess): Promise<readonly Polled[]> {
  return new Promise((resolve, reject) => {
    poller.once('message', resolve)
    poller.once('exit', () => reject(new Error('a door gave no answer')))
  })
}

/** A new session of alice, and what the doors are asked about it. */
async function signIn(folder: string): Promise<{ id: string; doors: readonly PolledDoor[] }> {
  const app = connectApp({ socket: join(folder, 'run/apps/shop.sock') }, { timeout: 30_000 })
  const visitor = app.visitor({ scheme: 'https', host: 'shop.example' })
  const { session } = await patiently(() => visitor.authenticate({ subject: 'alice' }))
  await app.close()
  const cookie = visitor.setCookie?.split(';')[0] ?? ''
  const told = { cookie, 'x-forwarded-proto': 'https', 'x-forwarded-host': 'shop.example' }
  const asked = { 'x-session-app': 'shop', 'x-forwarded-method': 'GET', 'x-forwarded-uri': '/' }
  const apps = ['shop', 'blog'].map((name) => ({
    name,
    socket: join(folder, `run/apps/${name}.sock`),
    path: '/v1/session',
    headers: told,
  }))
  const check = { name: 'check', socket: join(folder, 'run/check.sock'), path: '/v1/check' }
  return {
    id: session?.id ?? '',
    doors: [...apps, { ...check, headers: { ...told, ...asked } }],
  }
}

/** On a busy machine the store may be late for one. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (;;)
    try {
      return await ask()
    } catch (error) {
      if (Object(error).retryable !== true) throw error
    }
}

async function start(folder: string): Promise<ChildProcess> {
  const file = join(folder, 'holdfast.toml')
  writeFileSync(
    file,
    `[daemon]\nstate = "${folder}/state"\nrun = "${folder}/run"\nworkers = 2\n[apps.shop]\nrights = ["authenticate"]\n[apps.blog]\n`,
  )
  const daemon = spawn(process.execPath, [MAIN, 'serve', '--config', file], { stdio: 'inherit' })
  await command(folder, ['status', '--wait', '--timeout', '60'])
  return daemon
}

async function command(folder: string, args: readonly string[]): Promise<void> {
  const socket = join(folder, 'run/admin.sock')
  const child = spawn(process.execPath, [MAIN, ...args, '--socket', socket], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`holdfast ${args[0]} ended with ${code}`)
}
