import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

/** What a child ended with, and what it sent first. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly message: unknown
}

/** A script of this folder as a process of its own; killed after the test. */
export function forkScript(
  t: TestContext,
  script: string,
  args: readonly string[],
  uid?: number,
): ChildProcess {
  const file = fileURLToPath(new URL(`./${script}.js`, import.meta.url))
  const child = fork(file, args, {
    stdio: ['ignore', 'inherit', 'ignore', 'ipc'],
    execArgv: [],
    ...(uid === undefined ? {} : { uid, gid: uid, env: { PATH: process.env['PATH'] } }),
  })
  t.after(() => child.kill('SIGKILL'))
  return child
}

/** Runs the script to its end. */
export async function runScript(
  t: TestContext,
  script: string,
  args: readonly string[],
  uid?: number,
): Promise<Ended> {
  const child = forkScript(t, script, args, uid)
  let message: unknown = null
  child.once('message', (sent) => {
    message = sent
  })
  const [code, signal] = await once(child, 'exit')
  return { code, signal, message }
}

/** Sends `request` and gives the next answer. */
export async function ask(child: ChildProcess, request: object): Promise<unknown> {
  child.send(request)
  const [answer] = await once(child, 'message')
  return answer
}
