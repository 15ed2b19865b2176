import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { end, isRunning, newFolder, track } from '@holdfast/test-servers/process'
import { until } from '@holdfast/test-servers/wait'

const PROGRAM = new URL('../../../bin/holdfastd.js', import.meta.url).pathname

/** A daemon in a process of its own, with a folder of its own. */
export interface TestDaemon {
  readonly folder: string
  readonly child: ChildProcess
  /** The path of a socket, such as `check.sock`. */
  readonly socket: (name: string) => string
  /** What it has said so far. */
  readonly said: () => string
  /** Waits until it says this once more than before. */
  readonly says: (text: string, work?: () => unknown) => Promise<void>
  readonly workers: () => readonly number[]
  /** Writes the configuration anew. */
  readonly configure: (toml: string) => void
  /** SIGTERM; gives the exit code. */
  readonly stop: () => Promise<number | null>
}

export interface DaemonOptions {
  readonly toml?: string
  readonly folder?: string
  /** Default 1. */
  readonly workers?: number
  readonly env?: Readonly<Record<string, string>>
  /** For descriptors beyond the standard ones. */
  readonly start?: (args: readonly string[], env: NodeJS.ProcessEnv) => ChildProcess
}

/** Whoever ends what a test has begun. */
export type Ending = Pick<TestContext, 'after'>

/** Starts a daemon and does not wait. It ends with the test. */
export function launchDaemon(t: Ending, options: DaemonOptions = {}): TestDaemon {
  const {
    toml = '',
    folder = newFolder('d'),
    env = {},
    workers = 1,
    start = startPlainly,
  } = options
  const file = join(folder, 'holdfast.toml')
  const configure = (text: string): void =>
    writeFileSync(file, `daemon.state = "${folder}/state"\ndaemon.run = "${folder}/run"\n${text}`)
  configure(toml)
  const child = track(
    start([PROGRAM, '--config', file], {
      ...process.env,
      HOLDFAST_DAEMON__WORKERS: String(workers),
      // A busy machine is no store in trouble.
      HOLDFAST_LIMITS__STORE_TIMEOUT: '20s',
      ...env,
    }),
  )
  let text = ''
  child.stderr?.on('data', (data: Buffer) => (text += data.toString()))
  t.after(() => endFamily(child))
  const count = (what: string): number => text.split(what).length - 1
  return {
    folder,
    child,
    socket: (name) => join(folder, 'run', name),
    said: () => text,
    says: async (what, work) => {
      const before = work === undefined ? 0 : count(what)
      await work?.()
      await until(() => count(what) > before || !isRunning(child), `"${what}" is said`)
      if (count(what) <= before) throw new Error(`it ended without saying "${what}":\n${text}`)
    },
    workers: () => childrenOf(child),
    configure,
    stop: async () => {
      await end(child, 'SIGTERM')
      return child.exitCode
    },
  }
}

/** Starts a daemon and waits until it answers. */
export async function startDaemon(t: Ending, options: DaemonOptions = {}): Promise<TestDaemon> {
  const daemon = launchDaemon(t, options)
  await daemon.says('ready: ')
  return daemon
}

function startPlainly(args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.execPath, args, { env, stdio: ['ignore', 'inherit', 'pipe'] })
}

function childrenOf({ pid }: ChildProcess): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    return text === '' ? [] : text.split(' ').map(Number)
  } catch {
    return []
  }
}

/** Workers end with the primary process; one that hangs would not. */
async function endFamily(child: ChildProcess): Promise<void> {
  const workers = childrenOf(child)
  await end(child, 'SIGKILL')
  for (const pid of workers) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It is gone.
    }
  }
}
