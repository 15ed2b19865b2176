import { fork, spawn, type ChildProcess } from 'node:child_process'

/** Processes that are running now, and how they end, so that an interrupted run leaves none behind. */
const running = new Map<ChildProcess, NodeJS.Signals>()

export interface ChildOptions {
  readonly node: string
  readonly script: URL
  readonly flags?: readonly string[]
  /** The one core that it may run on; null: any. */
  readonly core: number | null
}

/** Starts a script of ours in a process of its own; it ends when its IPC channel does. */
export function start({ node, script, flags = [], core }: ChildOptions): ChildProcess {
  // `taskset` becomes Node itself, so the process that we know is the one that is measured.
  const [execPath, execArgv] =
    core === null ? [node, flags] : ['taskset', ['-c', String(core), node, ...flags]]
  const child = fork(script, { execPath, execArgv: [...execArgv], env: environment() })
  return track(child)
}

export interface ProgramOptions {
  readonly core: number | null
  readonly uid?: number
  readonly gid?: number
}

/** Starts a server, whose output nobody reads. */
export function startServer(
  command: string,
  args: readonly string[],
  { core, ...user }: ProgramOptions,
): ChildProcess {
  const [program = command, ...rest] = pinned(core, [command, ...args])
  return track(spawn(program, rest, { stdio: 'ignore', env: environment(), ...user }))
}

/** Starts any other program, with pipes; `ends` is the signal upon which it ends all that it has started. */
export function startProgram(
  command: string,
  args: readonly string[],
  core: number | null = null,
  ends: NodeJS.Signals = 'SIGKILL',
): ChildProcess {
  const [program = command, ...rest] = pinned(core, [command, ...args])
  return track(spawn(program, rest, { stdio: 'pipe', env: environment() }), ends)
}

function pinned(core: number | null, command: readonly string[]): readonly string[] {
  return core === null ? command : ['taskset', '-c', String(core), ...command]
}

/** Sends one message and waits for the answer. A process that ends or fails first is an error. */
export function ask<Answer>(
  child: ChildProcess,
  message: object,
  timeout: number,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer)
      child.off('message', answered)
      child.off('exit', ended)
      act()
    }
    const answered = (answer: Reply<Answer>): void =>
      settle(() => ('error' in answer ? reject(new Error(answer.error)) : resolve(answer.value)))
    const ended = (code: number | null, signal: string | null): void =>
      settle(() => reject(new Error(`the process ended (${signal ?? code}) without an answer`)))
    const timer = setTimeout(() => {
      stop(child)
      settle(() => reject(new Error(`no answer within ${timeout / 1000} s`)))
    }, timeout)
    child.on('message', answered)
    child.on('exit', ended)
    child.send(message)
  })
}

/** How a process of ours answers. */
export type Reply<Answer> = { readonly value: Answer } | { readonly error: string }

/** Ends a process that we started, and waits until it is gone. */
export async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => {
    child.once('exit', resolve)
  })
  child.kill(signal)
  await gone
}

/** Ends whatever is still running. */
export function stopAll(): void {
  for (const [child, signal] of running) child.kill(signal)
}

function stop(child: ChildProcess): void {
  child.kill('SIGKILL')
}

function track(child: ChildProcess, ends: NodeJS.Signals = 'SIGKILL'): ChildProcess {
  running.set(child, ends)
  child.once('exit', () => running.delete(child))
  child.once('error', () => running.delete(child))
  return child
}

/** What is measured runs as in production, and without anything that this process was started with. */
function environment(): NodeJS.ProcessEnv {
  const clean: NodeJS.ProcessEnv = { ...process.env, NODE_ENV: 'production' }
  delete clean['NODE_OPTIONS']
  delete clean['HOLDFAST_CANARY_DIR']
  return clean
}
