import { Worker } from 'node:worker_threads'
import type { SessionError } from '@holdfast/core'
import { haltOnExit } from './exit.js'
import { unavailable } from './failures.js'
import { Gate } from './gate.js'
import {
  errorOf,
  unpackAnswers,
  type Answer,
  type GroupMessage,
  type Packed,
  type WriterMessage,
} from './wire.js'
import type { WriterData } from './worker.js'

const SOURCE = new URL('./worker.js', import.meta.url)

export interface ThreadEvents {
  readonly ready: () => void
  readonly done: (answers: readonly Answer[]) => void
  /** It is gone. `hadStarted`: it had opened the folder before. */
  readonly ended: (error: SessionError, hadStarted: boolean) => void
}

/** One writing thread, from its start to its end. */
export class WriterThread {
  readonly #worker: Worker
  readonly #path: string
  readonly #events: ThreadEvents
  readonly #gate = new Gate()
  readonly #ended: Promise<void>
  #group = 0
  #ready = false
  #busy = false
  #givenUp = false
  #isEnding = false
  #failure: SessionError | null = null

  constructor(path: string, events: ThreadEvents) {
    this.#path = path
    this.#events = events
    const workerData: WriterData = { path, cells: this.#gate.cells }
    this.#worker = new Worker(SOURCE, { name: 'holdfast-lmdb', workerData, execArgv: [] })
    this.#worker.on('message', (message: WriterMessage) => this.#receive(message))
    this.#worker.on('error', (error) => {
      this.#failure = unavailable(path, `the writing thread failed: ${error.message}`, error)
    })
    // After the listener, which holds the process.
    this.#worker.unref()
    const gone = haltOnExit(this.#gate)
    this.#ended = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        gone()
        resolve()
        this.#end()
      })
    })
  }

  /** Whether it can take a group. */
  get isIdle(): boolean {
    return this.#ready && !this.#busy
  }

  /** Whether it keeps the process alive. */
  hold(held: boolean): void {
    if (held || this.#isEnding) this.#worker.ref()
    else this.#worker.unref()
  }

  post(operations: Packed): void {
    this.#group += 1
    this.#busy = true
    this.#givenUp = false
    const message: GroupMessage = { group: this.#group, operations }
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.#worker.postMessage(message)
  }

  /** Nobody waits for the present group any more; if it has not been committed yet, it will not be. */
  giveUp(): void {
    this.#gate.giveUpBelow(this.#group + 1)
    this.#givenUp = true
  }

  /** Ends it where it stands, but not in the midst of a transaction. */
  async kill(timeout: number): Promise<void> {
    this.#isEnding = true
    if (this.#gate.halt(timeout)) await this.#worker.terminate()
  }

  /** Lets it end when it has done what it is at; does not wait longer than `timeout` milliseconds for that. */
  async close(timeout: number): Promise<void> {
    this.#worker.ref()
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.#worker.postMessage(null)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeout)
    })
    await Promise.race([this.#ended, late])
    clearTimeout(timer)
    this.#worker.unref()
  }

  #receive(message: WriterMessage): void {
    switch (message.kind) {
      case 'ready':
        this.#ready = true
        this.#events.ready()
        return
      case 'failed':
        this.#failure = errorOf(message.answer)
        return
      case 'done':
        this.#busy = false
        this.#events.done(this.#givenUp ? [] : unpackAnswers(message.answers))
    }
  }

  #end(): void {
    const error = this.#failure ?? unavailable(this.#path, 'the writing thread ended. Try again')
    this.#events.ended(error, this.#ready)
  }
}
