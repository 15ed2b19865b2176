import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { pause, until } from './wait.js'

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts a program that is killed with this process at the latest. */
export function launch(
  program: string,
  args: readonly string[],
  options: SpawnOptions,
): ChildProcess {
  return track(spawn(program, args, options))
}

/** Has a process killed when this one ends. */
export function track(child: ChildProcess): ChildProcess {
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

export function isRunning(child: ChildProcess | null): child is ChildProcess {
  return child !== null && child.exitCode === null && child.signalCode === null
}

/** Sends the signal and waits until the process is gone. */
export async function end(child: ChildProcess | null, name: NodeJS.Signals): Promise<void> {
  if (!isRunning(child)) return
  const gone = once(child, 'exit')
  child.kill(name)
  await gone
}

/** kill -9 of a process and of its children: one that outlived its parent could still answer. */
export async function endAll(child: ChildProcess | null): Promise<void> {
  // While they stand still they have no more children.
  await freeze(child)
  const [, ...children] = familyOf(child)
  await end(child, 'SIGKILL')
  for (const pid of children) signal(pid, 'SIGKILL')
  // Until the last has let go of what they share, a new server refuses to start.
  await until(() => children.every((pid) => /^(?:Z|gone)/.test(stateOf(pid))), 'all have ended')
}

/** Stops a process and its children where they stand, the parent first. Returns when all have stopped. */
export async function freeze(child: ChildProcess | null): Promise<void> {
  const family = familyOf(child)
  for (const pid of family) signal(pid, 'SIGSTOP')
  while (family.some((pid) => !/^(?:T|Z|gone)/.test(stateOf(pid)))) await pause(1)
}

export function thaw(child: ChildProcess | null): void {
  for (const pid of familyOf(child)) signal(pid, 'SIGCONT')
}

/** A process and its children: nobody else's. */
function familyOf(child: ChildProcess | null): readonly number[] {
  if (!isRunning(child) || child.pid === undefined) return []
  const { pid } = child
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return [pid, ...(children === '' ? [] : children.split(' ').map(Number))]
}

function stateOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2)
  } catch {
    return 'gone'
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended meanwhile.
  }
}
