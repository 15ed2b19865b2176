import type { Route } from '@holdfast/protocol'
import { problem } from '@holdfast/protocol/shapes'
import { Pool } from 'undici'
import type { z } from 'zod'
import { type DaemonAddress, type Place, placeOf } from './address.js'
import { DaemonError, isBroken, unanswered } from './errors.js'

/** How to ask. */
export interface ConnectOptions {
  /** Milliseconds until an answer has to be there, a second attempt included. Default 2,000. */
  readonly timeout?: number
  /** Most connections at once; further requests wait. Default 16. */
  readonly connections?: number
}

export type AnyRoute = Route<z.ZodType | null, z.ZodType | null>
type Input<Type> = Type extends z.ZodType ? z.input<Type> : undefined
export type Answer<Asked extends AnyRoute> = Asked['answer'] extends z.ZodType
  ? z.output<Asked['answer']>
  : null

/** What one request carries. */
export interface Ask<Asked extends AnyRoute> {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly body?: Input<Asked['body']>
  readonly headers?: Readonly<Record<string, string>>
}

type Details = Pick<Ask<AnyRoute>, 'params' | 'query' | 'headers'>

export interface Reply<Value> {
  readonly answer: Value
  /** To be passed on to the visitor as it is; null if there is none. */
  readonly setCookie: string | null
}

const LONGEST_ANSWER = 8 * 1024 * 1024
/** A stream says every 15 seconds that it is alive. */
const LONGEST_SILENCE = 45_000

/** Connections to one socket of the daemon, kept open. */
export class Connection {
  readonly #pool: Pool
  /** Streams have connections of their own: they go on without an end, and must not keep requests waiting. */
  readonly #streams: Pool
  readonly #place: Place
  readonly #timeout: number

  /** Throws `TypeError` for an address or an option that is none. */
  constructor(address: DaemonAddress, { timeout = 2_000, connections = 16 }: ConnectOptions = {}) {
    this.#place = placeOf(address)
    this.#timeout = wholeNumber(timeout, 'timeout')
    const { origin, socketPath } = this.#place
    const common = {
      pipelining: 1,
      connectTimeout: timeout,
      ...(socketPath === undefined ? {} : { socketPath }),
    }
    this.#pool = new Pool(origin, {
      ...common,
      connections: wholeNumber(connections, 'connections'),
      maxResponseSize: LONGEST_ANSWER,
      // Each request has a deadline of its own.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
    this.#streams = new Pool(origin, {
      ...common,
      headersTimeout: timeout,
      bodyTimeout: LONGEST_SILENCE,
    })
  }

  /** Asks, and gives what the answer says. Errors: {@link DaemonError}, with the code of the daemon's problem if it is one. */
  async ask<Asked extends AnyRoute>(
    route: Asked,
    asked: Ask<Asked> = {},
  ): Promise<Reply<Answer<Asked>>> {
    const sent = asked.body === undefined ? null : JSON.stringify(asked.body)
    const signal = AbortSignal.timeout(this.#timeout)
    const { status, text, setCookie } = await this.#send(route, asked, sent, signal)
    if (status >= 300) throw this.#refusal(status, text)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is what the route's shape has read
    return { answer: this.#read(route, text) as Answer<Asked>, setCookie }
  }

  /**
   * Asks for an answer without end. `signal` ends it: it then throws the signal's reason. Who stops reading closes the connection.
   * Errors: as of `ask`, also where the stream breaks.
   */
  async *stream(
    route: AnyRoute,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    try {
      const { statusCode, body } = await this.#streams.request({
        method: route.method,
        path: pathOf(route, { query }),
        headers: this.#place.headers,
        signal,
      })
      if (statusCode >= 300) throw this.#refusal(statusCode, await body.text())
      yield* body
    } catch (cause) {
      throw signal.aborted ? signal.reason : unanswered(this.#place.name, this.#timeout, cause)
    }
  }

  /** What is under way fails. */
  async close(): Promise<void> {
    await Promise.all([this.#pool.destroy(), this.#streams.destroy()])
  }

  async #send(
    route: AnyRoute,
    asked: Details,
    body: string | null,
    signal: AbortSignal,
  ): Promise<RawReply> {
    const once = (): Promise<RawReply> => this.#once(route, asked, body, signal)
    try {
      return await once().catch((error: unknown) => {
        if (route.idempotent && isBroken(error)) return once()
        throw error
      })
    } catch (cause) {
      throw unanswered(this.#place.name, this.#timeout, cause)
    }
  }

  async #once(
    route: AnyRoute,
    asked: Details,
    body: string | null,
    signal: AbortSignal,
  ): Promise<RawReply> {
    const json = body === null ? {} : { 'content-type': 'application/json' }
    const response = await this.#pool.request({
      method: route.method,
      path: pathOf(route, asked),
      headers: { ...asked.headers, ...this.#place.headers, ...json },
      body,
      signal,
    })
    const { 'set-cookie': cookie } = response.headers
    const setCookie = typeof cookie === 'string' ? cookie : (cookie?.[0] ?? null)
    return { status: response.statusCode, text: await response.body.text(), setCookie }
  }

  #read({ answer, path }: AnyRoute, text: string): unknown {
    if (answer === null) return null
    const read = answer.safeParse(parse(text))
    if (read.success) return read.data
    const message = `the answer of ${this.#place.name} to ${path} is none of this protocol: is it a Holdfast of another version?`
    throw new DaemonError('ERR_DAEMON_ANSWER', message)
  }

  #refusal(status: number, text: string): DaemonError {
    const read = problem.safeParse(parse(text))
    if (!read.success) {
      const message = `${this.#place.name} answered with status ${status} and no reason`
      return new DaemonError('ERR_DAEMON_ANSWER', message, { status, retryable: status >= 500 })
    }
    const { code, detail, title } = read.data
    return new DaemonError(code, detail ?? title, { status, retryable: status === 503 })
  }
}

interface RawReply {
  readonly status: number
  readonly text: string
  readonly setCookie: string | null
}

function pathOf({ path }: AnyRoute, { params = {}, query = {} }: Details): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(params[name] ?? ''),
  )
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) search.set(name, String(value))
  return search.size === 0 ? filled : `${filled}?${search.toString()}`
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function wholeNumber(value: number, name: string): number {
  if (Number.isInteger(value) && value > 0 && value < 2 ** 31) return value
  throw new TypeError(`${name} must be a whole number above 0`)
}
