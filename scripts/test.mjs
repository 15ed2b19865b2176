// What `npm test` runs. `npm test -- lmdb` runs what has that word in its path or package name,
// `--no-lint` leaves the linters out. The last line is `N passed, N failed`.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  compiles,
  importsGoOneWay,
  lints,
  noSecretLeaks,
  systemNeedsAreMet,
} from './lib/claims.mjs'
import { runPool } from './lib/pool.mjs'
import { createReport } from './lib/report.mjs'
import { createRunFolder } from './lib/run-folder.mjs'
import { killSuites, runSuite } from './lib/suite.mjs'
import {
  deleteStaleOutput,
  filterSuites,
  listScriptSuites,
  listSuites,
  listWorkspaces,
} from './lib/workspaces.mjs'

const FILES_AT_A_TIME = 2

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')
const flags = process.argv.slice(2).filter((arg) => arg.startsWith('-'))
const words = process.argv.slice(2).filter((arg) => !arg.startsWith('-'))
const unknown = flags.filter((flag) => flag !== '--no-lint')

const report = createReport({ root, strict: isTrue(process.env['CI']) })
const folder = createRunFolder(root)
process.chdir(root)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => stop(signal))

await main()

async function main() {
  if (unknown.length > 0) return fail(`no such option: ${unknown.join(' ')} (there is --no-lint)`)
  const workspaces = listWorkspaces(root)
  const all = [...workspaces.flatMap((each) => listSuites(root, each)), ...listScriptSuites(root)]
  // The last workspaces have the longest suites: with those first, none is left over to run alone.
  const suites = filterSuites(all, words).toReversed()
  if (suites.length === 0) return fail(`no suite has ${words.join(' or ')} in its name`)
  const full = words.length === 0
  const env = {}
  for (const workspace of workspaces) deleteStaleOutput(workspace)
  if (await check('it compiles', () => compiles(root, full ? [] : foldersOf(suites)))) {
    await Promise.all([
      flags.includes('--no-lint') || check('it lints', () => lints(root)),
      check('imports go one way', () => importsGoOneWay(root)),
      check('system needs are met', () => systemNeedsAreMet(selected(suites), env, folder)),
    ])
    await runPool(suites, FILES_AT_A_TIME, async (suite, index) => {
      report.addSuite(await runSuite(suite, { index, folder, env }))
    })
    folder.gather()
    await check('no token or verifier is anywhere but in Set-Cookie', () =>
      noSecretLeaks(folder, { full }),
    )
  }
  finish()
}

async function check(claim, test) {
  const started = performance.now()
  const result = await Promise.resolve()
    .then(test)
    .catch((error) => ({ problem: error.stack }))
  report.addClaim(claim, { ms: performance.now() - started, ...result })
  return result.problem === undefined
}

function selected(suites) {
  return [...new Set(suites.map(({ workspace }) => workspace))]
}

/** What has to be compiled for them: the tests of some are a project of their own, and those of the scripts look at everything. */
function foldersOf(suites) {
  const names = selected(suites).map(({ folder: name }) => name)
  if (names.includes('scripts')) return []
  return names
    .flatMap((name) => [name, `${name}/test`])
    .filter((name) => existsSync(join(root, name, 'tsconfig.json')))
}

function finish({ worthKeeping = true } = {}) {
  const passed = report.failed() === 0
  const kept = !passed && worthKeeping
  folder.finish(!kept)
  report.finish(kept ? [`kept for you: ${folder.shown} (logs/, t/, canary/)`] : [])
  process.exitCode = passed ? 0 : 1
}

function fail(problem) {
  report.addClaim('the command line is understood', { ms: 0, problem })
  finish({ worthKeeping: false })
}

function stop(signal) {
  killSuites()
  report.addClaim('the run is not interrupted', { ms: 0, problem: `${signal} was received` })
  finish()
  process.exit(1)
}

function isTrue(value) {
  return value !== undefined && value !== '' && value !== 'false' && value !== '0'
}
