import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const REPORTER = new URL('./reporter.mjs', import.meta.url).href
const PRELOAD = new URL('../canary/preload.mjs', import.meta.url).href
const TIME_LIMIT = 10 * 60_000

/** Process groups that are running now, so that an interrupted run leaves nothing behind. */
const running = new Set()

/** Kills every suite that is running, with its children. */
export function killSuites() {
  for (const pid of running) killGroup(pid)
}

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // The group is gone: nothing to do.
  }
}

/**
 * Runs one suite file in a process of its own and returns
 * `{ suite, ms, log, passed, failures: [{ path, error, byChild }], skips: [{ path, reason }] }`.
 * A file that crashes, hangs, ends early or holds no test has one failure for that.
 */
export async function runSuite(suite, { index, folder, env, timeLimit = TIME_LIMIT }) {
  const base = `${suite.workspace.folder.replaceAll('/', '-')}--${suite.name}`
  const log = join(folder.logs, `${base}.log`)
  const events = join(folder.path, `${index}.events`)
  const started = performance.now()
  const end = existsSync(suite.compiled)
    ? await runFile(suite, { log, timeLimit, env: suiteEnv({ env, folder, index, suite, events }) })
    : { problem: `${suite.compiled} was not compiled: is the workspace in tsconfig.json?` }
  return { suite, log, ms: performance.now() - started, ...readEvents(events, log, end) }
}

function suiteEnv({ env, folder, index, suite, events }) {
  const temp = folder.tempFor(index, suite.name)
  return {
    ...process.env,
    ...env,
    TMPDIR: temp,
    HOLDFAST_TEST_TMP: temp,
    HOLDFAST_TEST_SHARED: folder.shared,
    HOLDFAST_TEST_EVENTS: events,
    HOLDFAST_CANARY_DIR: folder.canary,
    NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --import=${PRELOAD}`.trim(),
  }
}

function runFile(suite, { log, timeLimit, env }) {
  const output = openSync(log, 'w', 0o600)
  const args = [`--test-reporter=${REPORTER}`, '--test-reporter-destination=stderr']
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...args, suite.compiled], {
      cwd: suite.workspace.path,
      env,
      stdio: ['ignore', output, output],
      detached: true,
    })
    closeSync(output)
    running.add(child.pid)
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      killGroup(child.pid)
    }, timeLimit)
    const settle = (end) => {
      clearTimeout(timer)
      killGroup(child.pid)
      running.delete(child.pid)
      resolve(
        timedOut ? { problem: `it ran longer than ${timeLimit / 1000} s and was killed` } : end,
      )
    }
    child.once('error', (error) => settle({ problem: error.message }))
    child.once('exit', (code, signal) => settle({ problem: describeExit(code, signal) }))
  })
}

function describeExit(code, signal) {
  if (signal !== null) return `its process was killed by ${signal}`
  return code === 0 ? undefined : `its process ended with code ${code}`
}

function readEvents(path, log, { problem }) {
  const events = existsSync(path) ? parseLines(readFileSync(path, 'utf8')) : []
  const failures = events.filter(({ kind }) => kind === 'fail')
  const skips = events.filter(({ kind }) => kind === 'skip')
  const passed = events.filter(({ kind }) => kind === 'pass').length
  const ended = events.some(({ kind }) => kind === 'end')
  let crash
  if (problem !== undefined && (failures.length === 0 || !ended)) crash = problem
  else if (!ended) {
    const none = passed + failures.length + skips.length === 0
    crash = none
      ? 'it holds no test, or ended before the first was done'
      : 'it ended before its tests were done'
  }
  if (crash !== undefined) {
    const notes = events.filter(({ kind }) => kind === 'note').map(({ message }) => message)
    failures.push({
      path: ['the file runs to its end'],
      error: [crash, ...notes, tail(log)].join('\n'),
    })
  }
  return { passed, failures, skips }
}

function parseLines(text) {
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line)]
    } catch {
      return [] // a line cut short by a crash, or the empty one at the end
    }
  })
}

function tail(log, lines = 60) {
  if (!existsSync(log)) return ''
  return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
}
