import { parseArgs } from 'node:util'
import { DATABASES, type DatabaseName } from './databases.js'
import { type Effort, LONG, runRaces } from './run.js'

const HELP = `npm run races -- [options]

  --store name      redis, cluster or postgres; default: all
  --seed n          what decides the choices; default: the time
  --schedules n     default ${LONG.schedules}
  --rounds n        logouts that overtake a request, of each kind; default ${LONG.rounds}
  --runs n          runs of 100 keys; default ${LONG.runs}
  --increments n    default ${LONG.increments}
  --lineages n      sessions that are renewed five times; default ${LONG.lineages}
  --help            this

The exit code is 1 if a promise was broken.`

const { values } = parseArgs({
  options: {
    store: { type: 'string' },
    seed: { type: 'string' },
    schedules: { type: 'string' },
    rounds: { type: 'string' },
    runs: { type: 'string' },
    increments: { type: 'string' },
    lineages: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const SHOWN = 5

function number(name: 'seed' | keyof Effort, preset: number): number {
  const value = Number(values[name] ?? preset)
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw new TypeError(`--${name} must be a whole number from 1`)
}

function isDatabase(name: string): name is DatabaseName {
  return name in DATABASES
}

function chosen(): readonly DatabaseName[] {
  const { store } = values
  const all = Object.keys(DATABASES).filter(isDatabase)
  if (store === undefined) return all
  if (isDatabase(store)) return [store]
  throw new TypeError(`--store must be one of ${all.join(', ')}`)
}

async function main(): Promise<void> {
  const seed = number('seed', 1 + (Date.now() % 1_000_000))
  const effort = {
    rounds: number('rounds', LONG.rounds),
    schedules: number('schedules', LONG.schedules),
    runs: number('runs', LONG.runs),
    increments: number('increments', LONG.increments),
    lineages: number('lineages', LONG.lineages),
  }
  console.log(`seed ${seed}, node ${process.version}`)
  for (const name of chosen()) {
    const { title, skip } = DATABASES[name]
    if (skip !== false) {
      console.log(`${title}: skipped: ${skip}`)
      continue
    }
    const started = performance.now()
    console.log(`${title}, four processes`)
    await runRaces(name, seed, effort, (tally) => {
      console.log(`  ${String(tally)}`)
      for (const violation of tally.violations.slice(0, SHOWN)) console.log(`    ${violation}`)
      if (tally.violations.length > 0) process.exitCode = 1
    })
    console.log(`  ${Math.round((performance.now() - started) / 1000)} s`)
  }
}

// Servers end with this process; by a signal it would end without telling them.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
if (values.help) console.log(HELP)
else await main()
