import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createSessions } from '@holdfast/core'
import { lmdbStore } from '@holdfast/lmdb'
import { newSeed } from '@holdfast/test-servers/random'
import type { Tally } from './model.js'
import { runChecks } from './run.js'
import { sessionsAuthority } from './sessions-authority.js'

const HELP = `npm run checks -w @holdfast/daemon -- [--count n] [--clients n] [--seed n]

Asks the check door of another process so many times, default 1,000,000, while one client in ten goes away and sessions are
renewed and revoked, and compares every answer with the truth. The exit code is 1 if one was wrong.
`

/** What the process of the door is told. */
export interface ServerInput {
  readonly folder: string
  readonly path: string
  readonly policy: {
    readonly keys: readonly string[]
    readonly renewalTimeout: number
    readonly rotationGrace: number
    readonly storeTimeout: number
  }
}

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000000' },
    clients: { type: 'string', default: '16' },
    seed: { type: 'string', default: String(newSeed()) },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(HELP)
else
  process.exitCode = await main(Number(values.count), Number(values.clients), Number(values.seed))

async function main(count: number, clients: number, seed: number): Promise<number> {
  const base = mkdtempSync(join(tmpdir(), 'checks-'))
  const policy = {
    keys: [randomBytes(32).toString('base64url')],
    renewalTimeout: 1_000,
    rotationGrace: 10_000,
    storeTimeout: 20_000,
  }
  const input = { folder: join(base, 'sessions'), path: join(base, 'check'), policy }
  const sessions = createSessions({ store: lmdbStore(input.folder), ...policy })
  const child = await start(input)
  const begun = performance.now()
  say(`seed ${seed}, ${count} checks by ${clients} clients`)
  try {
    const authority = sessionsAuthority(sessions, 'shop')
    const progress = (tally: Tally): void => say(described(tally, begun))
    const address = { path: input.path }
    const tally = await runChecks({ address, authority, count, clients, seed, progress })
    say(described(tally, begun))
    for (const example of tally.examples) say(`wrong: ${example}`)
    return tally.wrong === 0 ? 0 : 1
  } finally {
    child.disconnect()
    await once(child, 'exit')
    await sessions.close()
    rmSync(base, { recursive: true, force: true })
  }
}

async function start(input: ServerInput): Promise<ChildProcess> {
  const child = fork(new URL('./server.js', import.meta.url))
  child.send(input)
  await once(child, 'message')
  return child
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
