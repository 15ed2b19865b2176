import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'

/**
 * The private folder of one run, `<root>/.tmp/run-<pid>`: `logs/`, `canary/` and one temp folder per
 * suite under `t/`. The names are short because unix sockets, Chromium's too, allow 107 bytes.
 */
export function createRunFolder(root, pid = process.pid) {
  const path = join(root, '.tmp', `run-${pid}`)
  rmSync(path, { recursive: true, force: true })
  const folder = { path, logs: join(path, 'logs'), canary: join(path, 'canary') }
  for (const each of [folder.logs, folder.canary]) mkdirSync(each, { recursive: true, mode: 0o700 })
  return {
    ...folder,
    shown: relative(root, path),
    tempFor(index, name) {
      const temp = join(path, 't', `${index}-${name.slice(0, 16)}`)
      mkdirSync(temp, { recursive: true, mode: 0o700 })
      return temp
    },
    /** After a pass nothing is kept of this run; after a failure this run is the only one kept. */
    finish(passed) {
      if (passed) rmSync(path, { recursive: true, force: true })
      else removeOlderRuns(join(root, '.tmp'), `run-${pid}`)
    },
  }
}

function removeOlderRuns(parent, keep) {
  for (const name of readdirSync(parent)) {
    const pid = Number(/^run-(\d+)$/.exec(name)?.[1])
    if (!pid || name === keep || isAlive(pid)) continue
    rmSync(join(parent, name), { recursive: true, force: true })
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
