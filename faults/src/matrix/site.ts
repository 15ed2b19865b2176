import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { end, isRunning, track } from '@holdfast/test-servers/process'
import { until } from '@holdfast/test-servers/wait'
import type { StoreConfig } from '../stores.js'
import type { Column, FromApp, ToApp } from './messages.js'

const APP = fileURLToPath(new URL('app.js', import.meta.url))

/** The application's process, as the matrix sees it. */
export class Site {
  /** What would have ended the process, and its end if it came unasked. */
  readonly crashes: string[] = []
  readonly #child: ChildProcess
  readonly #down = new Set<Column>()
  #ports: Readonly<Record<Column, number>> | null = null
  #closing = false

  private constructor(child: ChildProcess) {
    this.#child = child
    child.on('message', (message: FromApp) => this.#hear(message))
    child.once('exit', (code, signal) => {
      if (!this.#closing) this.crashes.push(`it ended: ${code ?? ''} ${signal ?? ''}`)
    })
  }

  static async open(store: StoreConfig): Promise<Site> {
    // Wrong on purpose where a server asks for one: most do not.
    const env = { ...process.env, PGPASSWORD: 'out of date' }
    const child = track(fork(APP, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env }))
    const site = new Site(child)
    const message: ToApp = { store }
    child.send(message)
    await until(() => {
      if (!isRunning(child)) throw new Error('the application did not start')
      return site.#ports !== null
    }, 'the application listens')
    return site
  }

  port(column: Column): number {
    return this.#ports?.[column] ?? 0
  }

  /** Whether no column has lost its channel. */
  get healthy(): boolean {
    return this.#down.size === 0
  }

  async close(): Promise<void> {
    this.#closing = true
    await end(this.#child, 'SIGTERM')
  }

  #hear(message: FromApp): void {
    if (message.kind === 'ready') this.#ports = message.ports
    else if (message.kind === 'crash') this.crashes.push(message.error)
    else if (message.healthy) this.#down.delete(message.column)
    else this.#down.add(message.column)
  }
}
