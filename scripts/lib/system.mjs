import { accessSync, constants, readFileSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { run } from './command.mjs'

/**
 * What suites need from the system. To add one (wrk), add a row: suites that mention `env`, or
 * one of the `helpers` that read it, make the runner look for it, install it where it can, and then find
 * either `<env>=/path/to/executable` or `<env>_MISSING=reason` in their environment.
 */
export const NEEDS = {
  chromium: {
    env: 'HOLDFAST_CHROMIUM',
    helpers: ['@holdfast/example-express/testing'],
    executables: ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'],
    packages: ['chromium', 'fonts-liberation'],
  },
  redis: {
    env: 'HOLDFAST_REDIS',
    helpers: ['@holdfast/test-servers/redis'],
    executables: ['redis-server', 'valkey-server'],
    packages: ['redis-server'],
  },
  postgres: {
    env: 'HOLDFAST_POSTGRES',
    helpers: ['@holdfast/test-servers/postgres'],
    // Debian keeps it, and initdb beside it, out of the path.
    executables: [17, 16, 15, 14, 13].map(
      (version) => `/usr/lib/postgresql/${version}/bin/postgres`,
    ),
    packages: ['postgresql'],
  },
  nginx: {
    env: 'HOLDFAST_NGINX',
    helpers: [],
    executables: ['nginx'],
    packages: ['nginx-light'],
  },
}

/**
 * `{ path, installed }` when the executable is there or could be installed, else
 * `{ missing: reason }`. The machine is a parameter for tests only.
 */
export async function need({ executables, packages }, log = () => {}, machine = thisMachine) {
  const present = findExecutable(executables)
  if (present !== undefined) return { path: present, installed: false }
  const missing = (why) => ({
    missing: `${executables[0]} is not installed and ${why}; ${advice(packages)}`,
  })
  if (!machine.isDebian()) return missing('this is not Debian')
  if (!machine.isRoot()) return missing('this is not root')
  const problem = await machine.install(packages, log)
  if (problem !== undefined) return missing(`could not be installed (${problem})`)
  const path = findExecutable(executables)
  return path === undefined
    ? missing('its package brought no executable')
    : { path, installed: true }
}

const advice = (packages) =>
  `as root on Debian: apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`

/** The environment that tells a suite the outcome of `need`. */
export function describeNeed({ env }, outcome) {
  return outcome.path === undefined
    ? { [`${env}_MISSING`]: outcome.missing }
    : { [env]: outcome.path }
}

/** The first of the names that is an executable file on the path. */
export function findExecutable(names, path = process.env['PATH'] ?? '') {
  const absolute = names.filter(isAbsolute).find(isExecutable)
  if (absolute !== undefined) return absolute
  const folders = [...path.split(delimiter).filter(isAbsolute), '/usr/bin', '/usr/sbin']
  for (const name of names) {
    const found = folders.map((folder) => join(folder, name)).find(isExecutable)
    if (found !== undefined) return found
  }
  return undefined
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Whether /etc/os-release names Debian or a system derived from it. */
export function isDebian(file = '/etc/os-release') {
  try {
    return /^ID(_LIKE)?=.*\bdebian\b/m.test(readFileSync(file, 'utf8'))
  } catch {
    return false
  }
}

const thisMachine = { isDebian, isRoot: () => process.getuid?.() === 0, install }

let updated = false

async function install(packages, log) {
  const lock = '-oDPkg::Lock::Timeout=120'
  const retries = '-oAcquire::Retries=3'
  if (!updated) {
    const problem = await attempt(2, log, ['update', lock, retries])
    if (problem !== undefined) return problem
    updated = true
  }
  return attempt(2, log, ['install', '-y', '--no-install-recommends', lock, retries, ...packages])
}

async function attempt(times, log, args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const { code, output } = await run('apt-get', args, { env })
  log(`$ apt-get ${args.join(' ')}\n${output}`)
  if (code === 0) return undefined
  if (times > 1) return attempt(times - 1, log, args)
  return `apt-get ${args[0]} ended with code ${code}: ${output.trim().split('\n').at(-1)}`
}
