import { randomBytes } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { newFolder } from '@holdfast/test-servers/process'
import { newSeed } from '@holdfast/test-servers/random'
import { startDaemon, type TestDaemon } from '../support/daemon.js'
import { daemonAuthority } from './daemon-authority.js'
import { reload, replaceWorkers } from './disturb.js'
import type { Tally } from './model.js'
import { runChecks } from './run.js'

const HELP = `npm run checks -w @holdfast/daemon -- [--count n] [--clients n] [--workers n] [--seed n]

Asks the check socket of holdfastd on its embedded store so many times, default 1,000,000, and compares every answer with the truth.
Meanwhile one client in ten goes away, sessions are renewed, and ended by an administrator; the daemon reads its configuration
again (SIGHUP), and its workers are killed and replaced one after the other, by turns. The exit code is 1 if an answer was wrong,
or if one of these did not happen.
`
const TOML = `session.renewal_timeout = "1s"
keys.file = "./keys"
[apps.shop]
rights = ["authenticate"]
`
/** As installed: tests wait longer for a store. */
const DEFAULTS = { HOLDFAST_LIMITS__STORE_TIMEOUT: '450ms' }
/** Between two disturbances. */
const QUIET = 1500

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000000' },
    clients: { type: 'string', default: '16' },
    workers: { type: 'string', default: '2' },
    seed: { type: 'string', default: String(newSeed()) },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(HELP)
else process.exitCode = await main()

/** What happened to the daemon meanwhile. */
interface Disturbances {
  reloads: number
  /** Of all workers, one after the other. */
  restarts: number
}

async function main(): Promise<number> {
  const count = Number(values.count)
  const clients = Number(values.clients)
  const workers = Number(values.workers)
  const seed = Number(values.seed)
  const folder = newFolder('checks')
  const key = randomBytes(32).toString('base64url')
  writeFileSync(join(folder, 'keys'), `${key}\n`, { mode: 0o600 })
  const daemon = await startDaemon(
    { after: () => undefined },
    { folder, toml: TOML, workers, env: DEFAULTS },
  )
  const begun = performance.now()
  const over = new AbortController()
  const seen: Disturbances = { reloads: 0, restarts: 0 }
  say(`seed ${seed}, ${count} checks by ${clients} clients, ${workers} workers`)
  try {
    const progress = (tally: Tally): void => say(described(tally, seen, begun))
    const checks = runChecks({
      address: { path: daemon.socket('check.sock') },
      authority: daemonAuthority(daemon, 'shop', key),
      count,
      clients,
      seed,
      refusals: 'counted',
      progress,
    }).finally(() => over.abort())
    const [tally] = await Promise.all([checks, disturb(daemon, seen, workers, over.signal)])
    for (const example of tally.examples) say(`wrong: ${example}`)
    say(described(tally, seen, begun))
    const { aborted, renewed, revoked } = tally
    const happened = [aborted, renewed, revoked, seen.reloads, seen.restarts]
    return tally.wrong === 0 && happened.every((times) => times > 0) ? 0 : 1
  } finally {
    await daemon.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** By turns: the configuration is read again, and every worker is killed. */
async function disturb(
  daemon: TestDaemon,
  seen: Disturbances,
  workers: number,
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted) {
    await pause(QUIET)
    await reload(daemon, workers)
    seen.reloads += 1
    if (over.aborted) return
    await pause(QUIET)
    await replaceWorkers(daemon)
    seen.restarts += 1
  }
}

function described(tally: Tally, { reloads, restarts }: Disturbances, begun: number): string {
  const { checked, wrong, aborted, refused, retried, renewed, revoked, signedIn, statuses } = tally
  const seconds = Math.round((performance.now() - begun) / 1000)
  const by = [...statuses].toSorted(([a], [b]) => a - b).map(([status, n]) => `${n} of ${status}`)
  return `${seconds} s: ${checked} checked, ${wrong} wrong; ${reloads} reloads, ${restarts} rolling restarts; ${aborted} aborted, ${retried} retried, ${refused} refused, ${renewed} renewed, ${revoked} revoked, ${signedIn} signed in; ${by.join(', ')}`
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
