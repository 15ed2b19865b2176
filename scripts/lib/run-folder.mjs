import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'

/**
 * The private folder of one run, `<root>/.tmp/run-<pid>`: `logs/`, `canary/` and one temp folder per
 * suite under `t/`. While suites run, `t/` is in the system's temp folder, because a path to a unix
 * socket, Chromium's too, may have 107 bytes, and the project may lie deep; `gather()` brings it home.
 */
export function createRunFolder(root, pid = process.pid) {
  const path = join(root, '.tmp', `run-${pid}`)
  rmSync(path, { recursive: true, force: true })
  const folder = { path, logs: join(path, 'logs'), canary: join(path, 'canary') }
  for (const each of [folder.logs, folder.canary]) mkdirSync(each, { recursive: true, mode: 0o700 })
  const temps = mkdtempSync(join(tmpdir(), 'hf-'))
  const shared = join(temps, 'shared')
  mkdirSync(shared, { mode: 0o700 })
  const gather = () => {
    rmSync(shared, { recursive: true, force: true })
    move(temps, join(path, 't'))
  }
  return {
    ...folder,
    shown: relative(root, path),
    /** What a suite makes for those after it. */
    shared,
    tempFor(index, name) {
      const temp = join(temps, `${index}-${name.slice(0, 16)}`)
      mkdirSync(temp, { recursive: true, mode: 0o700 })
      return temp
    },
    gather,
    /** After a pass nothing is kept of this run; after a failure this run is the only one kept. */
    finish(passed) {
      gather()
      if (passed) rmSync(path, { recursive: true, force: true })
      else removeOlderRuns(join(root, '.tmp'), `run-${pid}`)
    },
  }
}

function move(from, to) {
  if (!existsSync(from)) return
  try {
    renameSync(from, to)
  } catch (error) {
    if (error.code !== 'EXDEV') throw error
    cpSync(from, to, { recursive: true, filter: isFileOrFolder })
    rmSync(from, { recursive: true, force: true })
  }
}

function isFileOrFolder(path) {
  const stat = lstatSync(path)
  return stat.isFile() || stat.isDirectory()
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
