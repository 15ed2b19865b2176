import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { lmdbStore } from '@holdfast/lmdb'
import { ANY, newRecord } from '@holdfast/conformance/records'
import { ask } from '../support/client.js'
import { startDaemon } from '../support/daemon.js'

const HELP = `npm run figures -w @holdfast/daemon -- [--sessions n]

Prints how long holdfastd takes to start, and what its processes hold in memory: with an empty store, and with so many sessions,
default 1,000,000; as a table for a document.
`
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
    print([
      ['sessions', 'start [ms], goal ≤ 1,000', 'primary [MB]', 'one worker [MB]', 'file [MB]'],
      Array.from({ length: 5 }, () => '---'),
      await measure(folder, 0),
    ])
    await fill(join(folder, 'state/sessions'), sessions)
    print([await measure(folder, sessions)])
    process.stdout.write(
      `\nMedian (least to most) of ${ROUNDS} starts of one daemon with one worker, until it says that it is ready; memory that is resident after a check, and in brackets what of it is the process's own, without the program and the mapped file. Node ${process.version}.\n`,
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function print(rows: readonly (readonly string[])[]): void {
  for (const row of rows) process.stdout.write(`| ${row.join(' | ')} |\n`)
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

/** One row: some starts, and the memory after the last. */
async function measure(folder: string, sessions: number): Promise<readonly string[]> {
  const times: number[] = []
  let memory: readonly string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const begun = performance.now()
    const daemon = await startDaemon({ after: () => undefined }, { folder, toml: '[apps.shop]\n' })
    times.push(performance.now() - begun)
    await ask(daemon.socket('check.sock'), { path: '/v1/check' })
    memory = [daemon.child.pid ?? 0, ...daemon.workers()].map(sizes)
    await daemon.stop()
  }
  times.sort((a, b) => a - b)
  const [least = 0, , median = 0, , most = 0] = times.map(Math.round)
  const { size } = statSync(join(folder, 'state/sessions/data.mdb'))
  const start = `${median} (${least} to ${most})`
  return [sessions.toLocaleString('en'), start, ...memory, String(Math.round(size / 1e6))]
}

function sizes(pid: number): string {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  const size = (name: string): number =>
    Math.round((Number(new RegExp(`${name}:\\s*(\\d+)`).exec(text)?.[1] ?? 0) * 1024) / 1e6)
  return `${size('VmRSS')} (${size('RssAnon')})`
}
