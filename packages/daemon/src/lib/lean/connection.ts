import type { Socket } from 'node:net'
import type { MaybePromise } from '@holdfast/core'
import { isPromise } from '@holdfast/core/engine'
import type { ProblemCode } from '@holdfast/protocol'
import { MOST_REQUESTS } from '../most-requests.js'
import type { LimitSettings } from '../settings.js'
import { type Answer, problem, serialize } from './answer.js'
import { type Head, isBroken, readHead, type Refusal } from './head.js'

const NOTHING = Buffer.alloc(0)
const END = '\r\n\r\n'
/** How long a client may take to notice that the connection ends. */
const LINGER = 1000

/** What the connections of one server have in common. */
export interface Site {
  /** Answers one request. Whatever it throws is 500. */
  readonly handle: (head: Head) => MaybePromise<Answer>
  readonly limits: LimitSettings
  /** The server ends: every answer says so. */
  readonly draining: boolean
  /** A failure that nobody expected, for the operator. */
  readonly failed: (error: unknown) => void
}

/**
 * One client. Requests are answered one after the other, in their order; what comes meanwhile waits. The answers of one turn leave
 * in one write.
 */
export class Connection {
  readonly #socket: Socket
  readonly #site: Site
  /** What has been read and not been answered. */
  #bytes: Buffer = NOTHING
  #out = ''
  #answering = false
  #answered = 0
  /** Nothing is read any more: the answer that says so is the last. */
  #over = false
  #clientEnded = false
  #timer: NodeJS.Timeout | null = null

  constructor(socket: Socket, site: Site) {
    this.#socket = socket
    this.#site = site
    socket.on('data', (chunk) => this.#received(chunk))
    socket.on('end', () => this.#ended())
    socket.on('drain', () => this.#drained())
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#stopTimer())
  }

  /** Ends it if the client has asked for nothing. */
  endIfIdle(): void {
    if (!this.#answering && this.#bytes.length === 0) this.#end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #received(chunk: Buffer): void {
    if (this.#over) return
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    if (!this.#answering && !this.#socket.writableNeedDrain) this.#proceed()
    else if (this.#bytes.length > this.#site.limits.headers) this.#socket.pause()
  }

  /** A client that sends no more may still wait for its answers. */
  #ended(): void {
    this.#clientEnded = true
    if (!this.#answering) this.#end()
  }

  #drained(): void {
    if (this.#over) return
    this.#stopTimer()
    this.#socket.resume()
    if (this.#answering) return
    this.#proceed()
  }

  /** Answers what is complete, until there is one to wait for. */
  #proceed(): void {
    const bytes = this.#bytes
    if (bytes.length === 0) return this.#flush()
    const text = bytes.toString('latin1')
    const { headers: limit } = this.#site.limits
    let at = 0
    while (!this.#answering && !this.#over && at < text.length) {
      const end = text.indexOf(END, at)
      const length = (end === -1 ? text.length : end + END.length) - at
      if (length > limit || end === -1) {
        const isOver = length > limit
        if (isBroken(text.slice(at, at + limit))) this.#refuse(400)
        else if (isOver) this.#refuse(431)
        break
      }
      this.#stopTimer()
      const head = readHead(bytes, text, at, end)
      at = end + END.length
      if (typeof head === 'number') this.#refuse(head)
      else this.#answer(head)
    }
    this.#bytes = at === bytes.length ? NOTHING : bytes.subarray(at)
    this.#wait()
    this.#flush()
  }

  /** The clock runs while a head has begun and is not complete. */
  #wait(): void {
    if (this.#bytes.length === 0 || this.#answering || this.#over || this.#timer !== null) return
    this.#timer = setTimeout(() => {
      this.#refuse(408)
      this.#flush()
    }, this.#site.limits.headTimeout)
  }

  #answer(head: Head): void {
    let answer: MaybePromise<Answer>
    try {
      answer = this.#site.handle(head)
    } catch (error) {
      this.#put(head, this.#broken(error))
      return
    }
    if (!isPromise(answer)) {
      this.#put(head, answer)
      return
    }
    this.#answering = true
    const done = (late: Answer): void => {
      this.#answering = false
      // What the request changed is stored. Nobody waits for the answer, nor for those to what came after it.
      if (this.#socket.destroyed) return
      this.#put(head, late)
      this.#socket.resume()
      this.#proceed()
      if (this.#clientEnded && !this.#answering) this.#end()
    }
    answer.then(done, (error: unknown) => done(this.#broken(error)))
  }

  #broken(error: unknown): Answer {
    this.#site.failed(error)
    return problem(500, 'ERR_DAEMON_FAILED')
  }

  #put(head: Head, answer: Answer): void {
    const isLast = ++this.#answered >= MOST_REQUESTS
    const closes = isLast || !head.keepsAlive || this.#site.draining
    const { isHead, isOld: saysKeepAlive } = head
    this.#out += serialize(answer, { isHead, closes, saysKeepAlive })
    if (closes) this.#over = true
  }

  #refuse(status: Refusal): void {
    this.#over = true
    const answer = problem(status, CODES[status])
    this.#out += serialize(answer, { isHead: false, closes: true, saysKeepAlive: false })
  }

  /** Sends what is there. A client that does not take it is read no further, and not waited for for ever. */
  #flush(): void {
    const socket = this.#socket
    const out = this.#out
    this.#out = ''
    if (socket.destroyed) return
    if (out !== '' && socket.writable && !socket.write(out, 'latin1')) {
      socket.pause()
      this.#stopTimer()
      this.#timer = setTimeout(() => socket.destroy(), this.#site.limits.requestTimeout)
    }
    if (this.#over) this.#end()
  }

  /**
   * Says that this was all. A connection that is closed with something unread takes an answer back that the client has not read, so
   * it is read on for a moment, and what comes is thrown away.
   */
  #end(): void {
    const socket = this.#socket
    this.#over = true
    this.#bytes = NOTHING
    if (socket.destroyed || !socket.writable) return
    this.#stopTimer()
    const patience = socket.writableNeedDrain ? this.#site.limits.requestTimeout : LINGER
    this.#timer = setTimeout(() => socket.destroy(), patience)
    // Of a client that does not take its answers nothing more is read either.
    socket.end(() => socket.resume())
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}

const CODES: Readonly<Record<Refusal, ProblemCode>> = {
  400: 'ERR_DAEMON_REQUEST',
  405: 'ERR_DAEMON_METHOD',
  408: 'ERR_DAEMON_TIMEOUT',
  431: 'ERR_DAEMON_HEAD_TOO_LARGE',
  505: 'ERR_DAEMON_REQUEST',
}
