import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { lmdbStore } from '@holdfast/lmdb'
import { ANY, newRecord } from '@holdfast/conformance/records'
import { ask } from '../support/client.js'

const HELP = `npm run figures -w @holdfast/daemon -- [--sessions n]

Prints how long holdfastd takes to start, and what its processes hold in memory: with an empty store, and with so many sessions,
default 1,000,000.
`
const PROGRAM = new URL('../../../bin/holdfastd.js', import.meta.url).pathname
const BATCH = 5_000
const ROUNDS = 5

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '1000000' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(HELP)
else await main(Number(values.sessions))

async function main(sessions: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'figures-'))
  try {
    await measure(folder, 0)
    await fill(join(folder, 'state/sessions'), sessions)
    await measure(folder, sessions)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function fill(path: string, count: number): Promise<void> {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const store = lmdbStore(path, { timeout: 600_000 })
  for (let done = 0; done < count; done += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - done) }, (_, index) =>
      store.insert(newRecord({ subject: `user-${done + index}` }), { now: Date.now(), ...ANY }),
    )
    await Promise.all(batch)
  }
  await store.close()
}

/** The median of some starts, and the memory after the last. */
async function measure(folder: string, sessions: number): Promise<void> {
  const times: number[] = []
  let memory = ''
  for (let round = 0; round < ROUNDS; round++) {
    const begun = performance.now()
    const child = await start(folder)
    times.push(performance.now() - begun)
    if (round === ROUNDS - 1) {
      await ask(join(folder, 'run/check.sock'), { path: '/v1/check' })
      memory = memoryOf(child)
    }
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  const median = times.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0
  process.stdout.write(
    `${sessions.toLocaleString('en')} sessions: start ${Math.round(median)} ms (median of ${ROUNDS}); ${memory}\n`,
  )
}

async function start(folder: string): Promise<ChildProcess> {
  const file = join(folder, 'holdfast.toml')
  writeFileSync(
    file,
    `[daemon]\nstate = "${folder}/state"\nrun = "${folder}/run"\nworkers = 1\n[apps.shop]\n`,
  )
  const child = spawn(process.execPath, [PROGRAM, '--config', file], {
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  let text = ''
  for await (const data of child.stderr.iterator({ destroyOnReturn: false })) {
    text += String(data)
    if (text.includes('ready: ')) return child
  }
  throw new Error(text)
}

/** Of each process: what is its own, apart from what the system shares with others and from the file that is mapped. */
function memoryOf({ pid }: ChildProcess): string {
  const workers = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  const each = workers.map((worker) => `worker ${sizes(worker)}`)
  return [`primary ${sizes(String(pid))}`, ...each].join(', ')
}

function sizes(pid: string): string {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  const size = (name: string): string =>
    `${Math.round(Number(new RegExp(`${name}:\\s*(\\d+)`).exec(text)?.[1] ?? 0) / 1024)} MB`
  return `${size('VmRSS')} resident (${size('RssAnon')} its own)`
}
