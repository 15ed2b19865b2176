import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pause } from '../time.js'

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A process of the suite's own: killed with it at the latest. */
export function launch(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): ChildProcess {
  return track(spawn(command, args, options))
}

/** Has the process killed when this one ends. */
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

/** Stops a process and its children where they stand, the parent first. Returns when all have stopped. */
export async function freeze(child: ChildProcess | null): Promise<void> {
  const pids = pidsOf(child)
  for (const pid of pids) signal(pid, 'SIGSTOP')
  while (pids.some((pid) => !/^(?:T|Z|gone)/.test(stateOf(pid)))) await pause(1)
}

export function thaw(child: ChildProcess | null): void {
  for (const pid of pidsOf(child)) signal(pid, 'SIGCONT')
}

function pidsOf(child: ChildProcess | null): readonly number[] {
  const pid = child?.pid
  if (pid === undefined || !isRunning(child)) return []
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')
  return [pid, ...children.filter((text) => text.trim() !== '').map(Number)]
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

/** A new temp folder, where a server that is not root can reach it. */
export function newFolder(name: string): string {
  const base = process.getuid?.() === 0 ? '/tmp' : tmpdir()
  return mkdtempSync(join(base, `hf-${name}-`))
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : freePort()
}
