import type { Readable } from 'node:stream'
import type { Route } from '@holdfast/protocol'
import { problem } from '@holdfast/protocol/shapes'
import { Pool } from 'undici'
import type { z } from 'zod'
import { DaemonError, isBroken, unanswered } from './errors.js'

/** Where the daemon is: a unix socket, or a loopback address and the token that it wants there. */
export type DaemonAddress =
  | { readonly socket: string }
  | { readonly url: string; readonly token: string }

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

export interface Reply<Value> {
  readonly answer: Value
  /** To be passed on to the visitor as it is; null if there is none. */
  readonly setCookie: string | null
}

const LONGEST_ANSWER = 8 * 1024 * 1024

/** Connections to one socket of the daemon, kept open. */
export class Connection {
  readonly #pool: Pool
  readonly #place: string
  readonly #timeout: number
  readonly #authorization: Readonly<Record<string, string>>

  constructor(address: DaemonAddress, { timeout = 2_000, connections = 16 }: ConnectOptions = {}) {
    const bySocket = 'socket' in address
    this.#place = bySocket ? address.socket : address.url
    this.#timeout = timeout
    this.#authorization = bySocket ? {} : { authorization: `Bearer ${address.token}` }
    const common = { connections, maxResponseSize: LONGEST_ANSWER, pipelining: 1 }
    this.#pool = bySocket
      ? new Pool('http://localhost', { ...common, socketPath: address.socket })
      : new Pool(address.url, common)
  }

  /** Asks, and gives what the answer says. Errors: {@link DaemonError}, with the code of the daemon's problem if it is one. */
  async ask<Asked extends AnyRoute>(
    route: Asked,
    asked: Ask<Asked> = {},
  ): Promise<Reply<Answer<Asked>>> {
    const signal = AbortSignal.timeout(this.#timeout)
    const response = await this.#send(route, asked, signal)
    const { status, text, setCookie } = response
    if (status >= 300) throw this.#refusal(status, text)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is what the route's shape has read
    return { answer: this.#read(route, text) as Answer<Asked>, setCookie }
  }

  /** Asks for an answer without end. `signal` ends it. */
  async stream(
    route: AnyRoute,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Readable> {
    const path = pathOf(route, { query })
    try {
      const { statusCode, body } = await this.#pool.request({
        method: route.method,
        path,
        headers: this.#authorization,
        signal,
        headersTimeout: this.#timeout,
        bodyTimeout: 0,
      })
      if (statusCode < 300) return body
      throw this.#refusal(statusCode, await body.text())
    } catch (cause) {
      throw cause instanceof DaemonError ? cause : unanswered(this.#place, this.#timeout, cause)
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy()
  }

  async #send<Asked extends AnyRoute>(
    route: Asked,
    asked: Ask<Asked>,
    signal: AbortSignal,
  ): Promise<RawReply> {
    const once = (): Promise<RawReply> => this.#once(route, asked, signal)
    try {
      return await once().catch((error: unknown) => {
        if (route.idempotent && isBroken(error)) return once()
        throw error
      })
    } catch (cause) {
      throw unanswered(this.#place, this.#timeout, cause)
    }
  }

  async #once<Asked extends AnyRoute>(
    route: Asked,
    asked: Ask<Asked>,
    signal: AbortSignal,
  ): Promise<RawReply> {
    const { body } = asked
    const json = body === undefined ? {} : { 'content-type': 'application/json' }
    const response = await this.#pool.request({
      method: route.method,
      path: pathOf(route, asked),
      headers: { ...asked.headers, ...this.#authorization, ...json },
      body: body === undefined ? null : JSON.stringify(body),
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
    const message = `the answer of ${this.#place} to ${path} is none of this protocol: is it a Holdfast of another version?`
    throw new DaemonError('ERR_DAEMON_ANSWER', message)
  }

  #refusal(status: number, text: string): DaemonError {
    const read = problem.safeParse(parse(text))
    if (!read.success) {
      const message = `${this.#place} answered with status ${status} and no reason`
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

function pathOf(
  { path }: AnyRoute,
  { params = {}, query = {} }: Pick<Ask<AnyRoute>, 'params' | 'query'>,
): string {
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
