import { close, open, openSync, write } from 'node:fs'
import { promisify } from 'node:util'
import type { SessionEvent } from '@holdfast/core'
import { eventLine } from './event-line.js'

const MODE = 0o640
/** Bytes of lines that wait for the disk; what comes beyond them is counted as lost. */
const MAX_WAITING = 8 * 1024 * 1024
const QUIET = 60_000
const NEWLINE = 10

const closeFile = promisify(close)
const openFile = promisify(open)

/** Where every event goes, one line each. */
export interface AuditLog {
  /** Writes an event, with all others of this turn. Never throws. */
  record(event: SessionEvent): void
  /** Opens the file anew, under the same name: after it was moved away. What was recorded before is in the old one. */
  reopen(): Promise<void>
  /** Writes what waits, and closes the file. */
  close(): Promise<void>
}

export interface AuditOptions {
  /** Says something to the operator. */
  readonly log: (text: string) => void
  /** Counts events that could not be written. */
  readonly lost: (count: number) => void
  /** Milliseconds. Default: a clock that never goes back. */
  readonly now?: () => number
}

/** Opens the file for appending, making it with mode 0640. Throws what the system says if it cannot. */
export function openAuditLog(path: string, options: AuditOptions): AuditLog {
  return new FileAuditLog(path, options)
}

class FileAuditLog implements AuditLog {
  readonly #path: string
  readonly #options: AuditOptions
  readonly #now: () => number
  #file: number
  #lines: string[] = []
  #bytes = 0
  /** Each step begins when the one before it is over, so that lines keep their order and a file is closed between two writes. */
  #last: Promise<void> = Promise.resolve()
  #scheduled = false
  #closed = false
  /** A write that failed has left half a line. */
  #broken = false
  #saidAt = -Infinity
  #lost = 0

  constructor(path: string, options: AuditOptions) {
    this.#path = path
    this.#options = options
    this.#now = options.now ?? ((): number => performance.now())
    this.#file = openSync(path, 'a', MODE)
  }

  record(event: SessionEvent): void {
    const line = eventLine(event)
    if (this.#closed) return this.#lose(1, 'it is closed')
    if (this.#bytes + line.length > MAX_WAITING) return this.#lose(1, 'the disk does not keep up')
    this.#lines.push(line)
    this.#bytes += line.length
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => void this.#then(() => this.#flush()))
  }

  reopen(): Promise<void> {
    return this.#then(async () => {
      await this.#flush()
      if (this.#closed) return
      const before = this.#file
      try {
        this.#file = await openFile(this.#path, 'a', MODE)
      } catch (error) {
        return this.#say(`cannot be opened again, the old one is used further (${codeOf(error)})`)
      }
      this.#broken = false
      await closeFile(before).catch(() => undefined)
    })
  }

  close(): Promise<void> {
    if (this.#closed) return this.#last
    this.#closed = true
    return this.#then(async () => {
      await this.#flush()
      await closeFile(this.#file).catch(() => undefined)
    })
  }

  #then(step: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(step)
    return this.#last
  }

  async #flush(): Promise<void> {
    this.#scheduled = false
    const lines = this.#lines
    if (lines.length === 0) return
    this.#lines = []
    this.#bytes = 0
    const bytes = Buffer.from((this.#broken ? '\n' : '') + lines.join(''))
    let at = 0
    try {
      // A disk that fills up takes part of what it is given.
      while (at < bytes.length) at += await writeSome(this.#file, bytes, at)
      this.#broken = false
    } catch (error) {
      if (at > 0) this.#broken = bytes[at - 1] !== NEWLINE
      this.#lose(lines.length, codeOf(error))
    }
  }

  #lose(count: number, why: string): void {
    this.#options.lost(count)
    this.#lost += count
    const now = this.#now()
    if (now - this.#saidAt < QUIET) return
    this.#saidAt = now
    this.#say(`cannot be written: ${why}; events lost so far: up to ${this.#lost}`)
  }

  #say(text: string): void {
    this.#options.log(`the audit log ${this.#path} ${text}`)
  }
}

function writeSome(file: number, bytes: Buffer, at: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(file, bytes, at, bytes.length - at, null, (error, written) => {
      if (error === null) resolve(written)
      else reject(error)
    })
  })
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : 'unknown error'
}
