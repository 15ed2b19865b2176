import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createSessions } from '@holdfast/core'
import { lmdbStore } from '@holdfast/lmdb'
import { newFolder } from '@holdfast/test-servers/process'
import { newSeed } from '@holdfast/test-servers/random'
import { type Ending, startDaemon } from '../support/daemon.js'
import type { Tally } from './model.js'
import { runChecks } from './run.js'
import { sessionsAuthority } from './sessions-authority.js'

const HELP = `npm run checks -w @holdfast/daemon -- [--count n] [--clients n] [--seed n]

Asks holdfastd so many times, default 1,000,000, while one client in ten goes away, and sessions are renewed and revoked by another
process; compares every answer with the truth. Meanwhile the daemon is reloaded eight times, and stopped and started once. The exit
code is 1 if an answer was wrong.
`
const APP = '[apps.shop]\n'
const SESSION =
  'session = { renewal_timeout = "1s", rotation_grace = "10s" }\nkeys.file = "./keys"\n'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000000' },
    clients: { type: 'string', default: '16' },
    seed: { type: 'string', default: String(newSeed()) },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(HELP)
else {
  const ends: (() => unknown)[] = []
  const scene: Ending = { after: (end) => void ends.push(end as () => unknown) }
  try {
    const [count, clients, seed] = [values.count, values.clients, values.seed].map(Number)
    process.exitCode = await main(scene, count ?? 0, clients ?? 0, seed ?? 0)
  } finally {
    for (const end of ends) await end()
  }
}

async function main(scene: Ending, count: number, clients: number, seed: number): Promise<number> {
  const folder = newFolder('checks')
  const key = randomBytes(32).toString('base64url')
  writeFileSync(join(folder, 'keys'), key, { mode: 0o600 })
  const options = { folder, toml: SESSION + APP, workers: 2 }
  let daemon = await startDaemon(scene, options)
  const sessions = createSessions({
    store: lmdbStore(join(folder, 'state/sessions')),
    keys: [key],
    storeTimeout: 20_000,
    renewalTimeout: 1_000,
    rotationGrace: 10_000,
  })
  const begun = performance.now()
  say(`seed ${seed}, ${count} checks by ${clients} clients`)
  let tenths = 0
  const disturb = async (): Promise<void> => {
    tenths += 1
    if (tenths === 5) {
      await daemon.stop()
      daemon = await startDaemon(scene, options)
      return say('stopped, and started again')
    }
    // Another configuration each time: one application more.
    daemon.configure(`${SESSION}${APP}[apps.more-${tenths}]\n`)
    await daemon.says('reloaded: ', () => daemon.child.kill('SIGHUP'))
    say('reloaded')
  }
  let disturbances = Promise.resolve()
  const progress = (tally: Tally): void => {
    say(described(tally, begun))
    disturbances = disturbances.then(disturb)
  }
  const authority = sessionsAuthority(sessions, 'shop')
  const address = { path: daemon.socket('check.sock') }
  const tally = await runChecks({ address, authority, count, clients, seed, progress })
  await disturbances
  await daemon.stop()
  await sessions.close()
  say(described(tally, begun))
  for (const example of tally.examples) say(`wrong: ${example}`)
  return tally.wrong === 0 ? 0 : 1
}

function described(tally: Tally, begun: number): string {
  const { checked, wrong, aborted, retried, renewed, revoked, signedIn, statuses } = tally
  const seconds = Math.round((performance.now() - begun) / 1000)
  const by = [...statuses].toSorted(([a], [b]) => a - b).map(([status, n]) => `${n} of ${status}`)
  return `${seconds} s: ${checked} checked, ${wrong} wrong; ${aborted} aborted, ${retried} retried, ${renewed} renewed, ${revoked} revoked, ${signedIn} signed in; ${by.join(', ')}`
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
