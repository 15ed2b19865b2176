import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Runtime } from '../model.js'

const FOLDER = fileURLToPath(new URL('../../../../runtimes', import.meta.url))
const CURRENT = 'node24'

/** The Node that runs this and the current one, oldest first; only those in `names`, if there are any. */
export function findRuntimes(
  names: readonly string[],
  log: (line: string) => void,
): readonly Runtime[] {
  const own = runtime(process.execPath)
  const wantsOther =
    names.length === 0 ? own.name !== CURRENT : names.some((name) => name !== own.name)
  const all = wantsOther ? [own, runtime(installed(CURRENT, log))] : [own]
  const wanted = all.filter(({ name }) => names.length === 0 || names.includes(name))
  const missing = names.find((name) => !all.some((found) => found.name === name))
  if (missing !== undefined) {
    const found = all.map(({ name }) => name).join(' and ')
    throw new TypeError(`--${missing}: there is ${found} here; run the bench with another Node`)
  }
  return wanted
}

function runtime(path: string): Runtime {
  const version = execFileSync(path, ['-v'], { encoding: 'utf8' }).trim()
  return { name: `node${/\d+/.exec(version)?.[0] ?? ''}`, version, path }
}

/** The path of a runtime in `runtimes/`, which is installed first if it is missing. */
function installed(name: string, log: (line: string) => void): string {
  const path = `${FOLDER}/node_modules/${name}/bin/node`
  if (!existsSync(path)) {
    log(`installing ${name} into runtimes/`)
    execFileSync('npm', ['ci', '--prefix', FOLDER], { stdio: ['ignore', 'ignore', 'inherit'] })
  }
  return path
}
