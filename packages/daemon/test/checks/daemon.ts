import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { ask } from '../support/client.js'

const PROGRAM = new URL('../../../bin/holdfastd.js', import.meta.url).pathname
const PATIENCE = 60_000

/** holdfastd as it is installed, under whoever measures or tries it. */
export class ProgramDaemon {
  readonly #child: ChildProcess
  readonly #run: string
  #said = ''

  private constructor(folder: string, file: string) {
    this.#run = join(folder, 'run')
    this.#child = spawn(process.execPath, [PROGRAM, '--config', file], {
      stdio: ['ignore', 'inherit', 'pipe'],
    })
    this.#child.stderr?.on('data', (data: Buffer) => (this.#said += data.toString()))
  }

  /** Starts it with the configuration `file`, whose `daemon.run` is `run` in the folder; resolves when it answers. */
  static async start(folder: string, file: string): Promise<ProgramDaemon> {
    const daemon = new ProgramDaemon(folder, file)
    await daemon.#until(() => daemon.#said.includes('ready: '), 'it is ready')
    return daemon
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** The processes that answer, those that are on their way out included. */
  get workers(): readonly number[] {
    const text = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8').trim()
    return text === '' ? [] : text.split(' ').map(Number)
  }

  socket(name: string): string {
    return join(this.#run, name)
  }

  /** SIGHUP; resolves when the new workers answer and the old ones are gone. */
  async reload(count: number): Promise<void> {
    const before = this.#said.split('reloaded: ').length
    this.#child.kill('SIGHUP')
    await this.#until(() => this.#said.split('reloaded: ').length > before, 'it has reloaded')
    await this.#until(() => this.workers.length === count, 'the old workers are gone')
  }

  /** Kills the workers where they stand, each when the one before has been replaced. */
  async replaceWorkers(): Promise<void> {
    const old = this.workers
    for (const pid of old) {
      process.kill(pid, 'SIGKILL')
      await this.#until(() => !this.workers.includes(pid), 'a worker has ended')
      await this.#until(async () => (await this.#ready()) === old.length, 'all workers answer')
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await ended
  }

  async #ready(): Promise<number> {
    const { body } = await ask(this.socket('admin.sock'), { path: '/v1/status' })
    const { workers }: { readonly workers: number } = JSON.parse(body)
    return workers
  }

  async #until(reached: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const end = performance.now() + PATIENCE
    while (!(await reached())) {
      const isOver = this.#child.exitCode !== null || performance.now() > end
      if (isOver) throw new Error(`in vain: ${what}. It said:\n${this.#said}`)
      await pause(10)
    }
  }
}
