import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { StartError } from '@holdfast/example-express/kit'

const PATIENCE = 30_000
/** After that a process that was asked to end is made to. */
const GRACE = 10_000

/** A program that runs beside this one, and ends with it. */
export class Child {
  readonly process: ChildProcess
  readonly #name: string
  #said = ''

  constructor(
    name: string,
    program: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ) {
    this.#name = name
    this.process = spawn(program, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...env },
    })
    this.process.on('error', (error) => (this.#said += error.message))
    this.process.stderr?.on('data', (data: Buffer) => {
      this.#said = (this.#said + data.toString()).slice(-20_000)
    })
  }

  /** What it has said lately. */
  get said(): string {
    return this.#said
  }

  /** Waits until `check` is true. Throws {@link StartError} with what the program said if it ends before. */
  async until(check: () => boolean | Promise<boolean>): Promise<void> {
    const end = Date.now() + PATIENCE
    while (!(await check())) {
      const { exitCode, pid } = this.process
      if (exitCode !== null || pid === undefined || Date.now() > end)
        throw new StartError(`${this.#name} does not run: ${this.#said.trim()}`)
      await new Promise((resolve) => {
        setTimeout(resolve, 20)
      })
    }
  }

  /** Asks it to end, and waits. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const { process: child } = this
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
    const over = once(child, 'exit')
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), GRACE)
    await over
    clearTimeout(timer)
  }
}
