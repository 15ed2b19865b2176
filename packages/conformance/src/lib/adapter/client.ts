import assert from 'node:assert/strict'
import { type Agent, type IncomingHttpHeaders, request } from 'node:http'
import type { JsonValue } from '@holdfast/core'

/** The name of the cookie in all cases that do not say otherwise. */
export const COOKIE = '__Host-session'

/** The headers of a request that reached a proxy of ours over TLS and was caused by our own page. */
export const SECURE: Readonly<Record<string, string>> = {
  Host: 'app.example',
  'X-Forwarded-Proto': 'https',
  'Sec-Fetch-Site': 'same-origin',
}

export interface CallOptions {
  readonly method?: string
  /** The path and what else the URL says; `do` steps are added to it. Default `/json`. */
  readonly path?: string
  /** Headers beside `SECURE`; null takes one of those away. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | null>>
  /** The Cookie header instead of the jar's; null for none. */
  readonly cookie?: string | readonly string[] | null
  /** Leave the jar as it is, whatever the answer sets. */
  readonly dropCookies?: boolean
  readonly body?: string
}

/** An answer, read to its end. */
export class Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly trailers: NodeJS.Dict<string>
  readonly body: string

  constructor(
    status: number,
    headers: IncomingHttpHeaders,
    body: string,
    trailers: NodeJS.Dict<string> = {},
  ) {
    this.status = status
    this.headers = headers
    this.body = body
    this.trailers = trailers
  }

  /** Every Set-Cookie line. */
  get setCookies(): readonly string[] {
    return this.headers['set-cookie'] ?? []
  }

  /** The Set-Cookie lines that concern the session. */
  get sessionCookies(): readonly string[] {
    return this.setCookies.filter((line) => /^(?:__[A-Za-z-]+-)?session=/.test(line))
  }

  /** The token that this answer gives; null if it sets no cookie or deletes it. */
  get token(): string | null {
    const lines = this.sessionCookies
    assert.ok(lines.length <= 1, 'an answer sets the cookie at most once')
    return /=([^;]+)/.exec(lines[0]?.split(';')[0] ?? '')?.[1] ?? null
  }

  /** What each step of `do` gave. */
  get out(): readonly JsonValue[] {
    assert.equal(this.status, 200, `status ${this.status}: ${this.body.slice(0, 200)}`)
    const parsed: { readonly out: readonly JsonValue[] } = JSON.parse(this.body)
    return parsed.out
  }

  /** What the first step gave, a text. */
  get text(): string {
    const [text] = this.out
    assert.equal(typeof text, 'string')
    return typeof text === 'string' ? text : ''
  }

  /** The id of the session, where the first step was `me`. */
  get sessionId(): string {
    return /"id":"([^"]+)"/.exec(this.body)?.[1] ?? ''
  }

  /** The code of an error's answer. */
  get code(): string {
    return /ERR_[A-Z_]+/.exec(this.body)?.[0] ?? 'none'
  }
}

/** A browser's view of the site: cookies are kept, and sent back. */
export class Client {
  readonly #agent: Agent
  readonly #port: number
  readonly #secure: Readonly<Record<string, string>>
  /** Cookies by name. */
  readonly jar: Map<string, string> = new Map()

  constructor(port: number, agent: Agent, secure: Readonly<Record<string, string>> = SECURE) {
    this.#port = port
    this.#agent = agent
    this.#secure = secure
  }

  /** The session token in the jar; null if there is none. */
  get token(): string | null {
    return this.jar.get(COOKIE) ?? null
  }

  /** Asks the application to take `steps`, by POST. */
  do(steps: readonly string[], options: CallOptions = {}): Promise<Answer> {
    return this.call(steps, { method: 'POST', ...options })
  }

  /** Asks by GET. */
  get(steps: readonly string[], options: CallOptions = {}): Promise<Answer> {
    return this.call(steps, { method: 'GET', ...options })
  }

  /** Who is signed in, by the session cookie `token` instead of the jar. */
  async subjectBy(token: string | null): Promise<JsonValue> {
    const cookie = token === null ? null : `${COOKIE}=${token}`
    const answer = await this.get(['me'], { cookie, dropCookies: true })
    return answer.out[0] ?? null
  }

  async call(steps: readonly string[], options: CallOptions): Promise<Answer> {
    const answer = await this.#send(withSteps(options.path ?? '/json', steps), options)
    if (options.dropCookies !== true) for (const line of answer.setCookies) this.#keep(line)
    return answer
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]*)=([^;]*)/.exec(line) ?? []
    if (/; Max-Age=0(?:;|$)/i.test(line)) this.jar.delete(name)
    else this.jar.set(name, value)
  }

  #send(path: string, options: CallOptions): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request({
        host: '127.0.0.1',
        port: this.#port,
        path,
        method: options.method ?? 'GET',
        agent: this.#agent,
        headers: this.#headers(options),
        setHost: false,
      })
      sent.on('error', reject)
      sent.on('response', (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('error', reject)
        response.on('end', () => {
          const { statusCode = 0, headers, trailers } = response
          resolve(
            new Answer(statusCode, headers, Buffer.concat(parts).toString('latin1'), trailers),
          )
        })
      })
      sent.end(options.body)
    })
  }

  #headers({ headers = {}, cookie, body }: CallOptions): Record<string, string | string[]> {
    const all: Record<string, string | string[]> = { ...this.#secure }
    const jar = [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const sent = cookie === undefined ? (jar === '' ? null : jar) : cookie
    if (sent !== null) all['Cookie'] = typeof sent === 'string' ? sent : [...sent]
    for (const [name, value] of Object.entries(headers)) {
      if (value === null) delete all[name]
      else all[name] = typeof value === 'string' ? value : [...value]
    }
    if (body !== undefined) all['Content-Length'] = String(Buffer.byteLength(body))
    return all
  }
}

/** The path with the steps in its query. */
export function withSteps(path: string, steps: readonly string[]): string {
  const query = steps.map((step) => `do=${encodeURIComponent(step)}`).join('&')
  if (query === '') return path
  return `${path}${path.includes('?') ? '&' : '?'}${query}`
}
