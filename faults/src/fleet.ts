import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { end, freeze, isRunning, thaw, track } from '@holdfast/test-servers/process'
import { HistoryFile, type Mark, readHistory, type History } from './history.js'
import type { FromWorker, ToWorker } from './messages.js'
import type { StoreConfig } from './stores.js'
import { now, pause } from './time.js'

const WORKER = fileURLToPath(new URL('worker.js', import.meta.url))
const LAST_CALLS = 5000

export interface FleetOptions {
  readonly store: StoreConfig
  readonly seed: number
  readonly workers: number
  readonly lanes: number
  readonly pause: number
}

/** The application's processes. They tell each other of sessions through this one. */
export class Fleet {
  readonly #options: FleetOptions
  readonly #folder = mkdtempSync(join(process.env['HOLDFAST_TEST_TMP'] ?? tmpdir(), 'hf-h-'))
  readonly #own: HistoryFile
  readonly #files: string[]
  readonly #children = new Map<number, ChildProcess>()
  #forked = 0

  constructor(options: FleetOptions) {
    this.#options = options
    const file = join(this.#folder, 'marks')
    this.#own = new HistoryFile(file)
    this.#files = [file]
  }

  static async start(options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(options)
    await Promise.all(Array.from({ length: options.workers }, () => fleet.fork()))
    return fleet
  }

  /** Numbers of the workers that run. */
  get workers(): readonly number[] {
    return [...this.#children.keys()]
  }

  mark(mark: Mark): void {
    this.#own.mark(mark)
  }

  async fork(): Promise<void> {
    const worker = (this.#forked += 1)
    const { store, seed, lanes, pause: longest } = this.#options
    const history = join(this.#folder, `worker-${worker}`)
    this.#files.push(history)
    const child = fork(WORKER, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    track(child)
    this.#children.set(worker, child)
    const config = { worker, seed: seed * 1000 + worker, history, store, lanes, pause: longest }
    const ready = once(child, 'message')
    child.on('message', (message: FromWorker) => {
      if (message.kind !== 'ready') this.#relay(worker, message)
    })
    child.once('exit', (code, signal) => {
      const killed = !this.#children.delete(worker)
      if (killed || code === 0) return
      this.mark({ mark: 'crash', worker, at: now(), error: `exit ${code ?? ''} ${signal ?? ''}` })
    })
    send(child, { kind: 'start', config })
    await ready
  }

  /** kill -9 of one worker, as a crash of the application or of its machine. */
  async kill(worker: number): Promise<void> {
    const child = this.#children.get(worker)
    this.#children.delete(worker)
    if (child !== undefined) await end(child, 'SIGKILL')
  }

  async freeze(worker: number): Promise<void> {
    await freeze(this.#children.get(worker) ?? null)
  }

  thaw(worker: number): void {
    thaw(this.#children.get(worker) ?? null)
  }

  setClock(worker: number, offset: number): void {
    const child = this.#children.get(worker)
    if (child !== undefined) send(child, { kind: 'clock', offset })
  }

  /** Lets every worker finish what it is doing, and reads what they have noted. */
  async stop(): Promise<History> {
    const children = [...this.#children.values()].filter(isRunning)
    const gone = children.map((child) => once(child, 'exit'))
    for (const child of children) send(child, { kind: 'stop' })
    const late = await Promise.race([Promise.all(gone), pause(LAST_CALLS).then(() => 'late')])
    if (late === 'late')
      for (const worker of this.workers) {
        this.mark({ mark: 'crash', worker, at: now(), error: 'it did not end when it was told to' })
        await this.kill(worker)
      }
    const history = readHistory(this.#files)
    rmSync(this.#folder, { recursive: true, force: true })
    return history
  }

  #relay(from: number, message: FromWorker): void {
    if (message.kind === 'ready') return
    for (const [worker, child] of this.#children) if (worker !== from) send(child, message)
  }
}

function send(child: ChildProcess, message: ToWorker): void {
  // One that is ending is told nothing any more.
  if (child.connected) child.send(message, () => undefined)
}
