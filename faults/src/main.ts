import { parseArgs } from 'node:util'
import { allCases, type Case, STORES, type StoreName } from './catalogue.js'
import { DRIVERS, type DriverName, isPostgresDriver, isRedisDriver } from './drivers/names.js'
import { printMatrix } from './matrix/main.js'
import { describe, summarize } from './report.js'
import { type Result, runCase } from './run.js'
import { now } from './time.js'

const HELP = `npm run faults -- [options]

  --store name    redis, postgres or lmdb; default: all
  --driver name   ioredis, node-redis or iovalkey; pg or postgres.js; default: the first of its store
  --only word     only scenarios with this word in their name
  --seed n        seed of the first run, one more for each repetition; default: the time
  --seconds n     seconds of faults in each scenario; default 15
  --repeat n      how often each scenario is run; default 1
  --workers n     application processes; default 4
  --long          kills and failovers only, until there were many: 500 and 50 on Redis (10 minutes), 50 with Sentinel
                  and of each kind on a Cluster, 100 and 20 on PostgreSQL, 100 killed workers on lmdb
  --matrix        promise P6 over HTTP: every operation under every kind of trouble
  --story         with the first violation of a run, everything that happened to its session
  --list          names the scenarios
  --help          this

The exit code is 1 if a promise was broken, or if settings that promise nothing lost nothing.`

const { values } = parseArgs({
  options: {
    store: { type: 'string' },
    driver: { type: 'string' },
    only: { type: 'string', default: '' },
    seed: { type: 'string' },
    seconds: { type: 'string', default: '15' },
    repeat: { type: 'string', default: '1' },
    workers: { type: 'string', default: '4' },
    long: { type: 'boolean', default: false },
    matrix: { type: 'boolean', default: false },
    story: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

function number(text: string, name: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new TypeError(`--${name} must be a whole number from 1`)
  return value
}

function chosenStores(): readonly StoreName[] {
  const { store } = values
  const found = STORES.filter((name) => store === undefined || name === store)
  if (found.length === 0) throw new TypeError(`--store must be one of ${STORES.join(', ')}`)
  return found
}

function chosen(): readonly Case[] {
  const { only, long } = values
  const stores = chosenStores()
  const cases = allCases().filter(
    (each) =>
      stores.includes(each.store) &&
      (driver === null || each.drivers.includes(driver)) &&
      each.name.includes(only),
  )
  return long ? cases.filter(({ goal }) => goal > 0) : cases
}

function chosenDriver(): DriverName | null {
  const { driver = null } = values
  if (driver === null || isRedisDriver(driver) || isPostgresDriver(driver)) return driver
  throw new TypeError(`--driver must be one of ${Object.values(DRIVERS).flat().join(', ')}`)
}

const driver = chosenDriver()

const seed = values.seed === undefined ? Date.now() % 1_000_000 : number(values.seed, 'seed')
const effort = {
  seconds: number(values.seconds, 'seconds'),
  workers: number(values.workers, 'workers'),
  lanes: 4,
  pause: 30,
}

/** Runs a case as often as asked for, and says what was wrong with it. */
async function runAll(each: Case, results: Result[]): Promise<boolean> {
  let good = true
  let [runs, faults] = [0, 0]
  const goesOn = (): boolean =>
    values.long ? faults < each.goal : runs < number(values.repeat, 'repeat')
  while (goesOn()) {
    const result = await runCase(each, { ...effort, seed: seed + runs }, driver)
    runs += 1
    faults += result.figures.faults
    console.log(describe(result))
    if (values.story) for (const line of result.story) console.log(`      ${line}`)
    if (each.loses) {
      // Shown apart: nothing was promised, so nothing is broken.
      const lost = result.violations.length > 0
      console.log(lost ? '    lost, as it had to' : '    LOST NOTHING: the checker proves nothing')
      good &&= lost
    } else {
      results.push(result)
      good &&= result.violations.length === 0
    }
  }
  return good
}

async function main(): Promise<void> {
  const started = now()
  const results: Result[] = []
  console.log(`seed ${seed}, ${effort.workers} workers, node ${process.version}`)
  for (const each of chosen()) {
    if (each.skip !== null) console.log(`${each.store}: ${each.name}: skipped: ${each.skip}`)
    else if (!(await runAll(each, results))) process.exitCode = 1
  }
  console.log(summarize(results))
  console.log(`${Math.round((now() - started) / 1000)} s`)
}

// What was started ends with this process, which a signal would end without a word.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

if (values.help) console.log(HELP)
else if (values.list) for (const { store, name } of allCases()) console.log(`${store}: ${name}`)
else if (values.matrix) {
  if (!(await printMatrix(chosenStores(), values.only))) process.exitCode = 1
} else await main()
