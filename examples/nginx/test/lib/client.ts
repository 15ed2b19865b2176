import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { once } from 'node:events'
import { Agent, request, type RequestOptions } from 'node:https'
import { text } from 'node:stream/consumers'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Every Set-Cookie line. */
  readonly cookies: readonly string[]
  readonly body: string
}

export interface Ask {
  readonly method?: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string | Buffer
}

/** What a browser says when somebody follows a link or types an address. */
export const NAVIGATION = {
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-Dest': 'document',
  'Sec-Fetch-Site': 'none',
} as const

/** A visitor with one cookie, over a connection that is kept. */
export class Visitor {
  readonly #origin: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false })
  /** `name=value` of the session's cookie. */
  cookie: string | null = null

  constructor(origin: string) {
    this.#origin = origin
  }

  async ask(path: string, { method = 'GET', headers = {}, body }: Ask = {}): Promise<Answer> {
    const own = this.cookie === null ? {} : { Cookie: this.cookie }
    // A browser names itself with all but safe requests.
    const origin = method === 'GET' ? {} : { Origin: this.#origin }
    const answer = await this.#send(path, method, { ...own, ...origin, ...headers }, body)
    for (const line of answer.cookies) {
      const [pair = ''] = line.split(';')
      this.cookie = /max-age=0/i.test(line) ? null : pair
    }
    return answer
  }

  /** Fills in a form. */
  post(path: string, fields: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const body = new URLSearchParams(fields).toString()
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    return this.ask(path, { method: 'POST', headers, body })
  }

  /** Signs in, as often as it takes on a machine that is so busy that the daemon does not answer in time. */
  async signIn(account = 'demo1'): Promise<this> {
    const end = performance.now() + 30_000
    for (;;) {
      const { status } = await this.post('/login', { account, password: 'holdfast-demo' })
      if (status === 303) return this
      if (status !== 503 || performance.now() > end)
        throw new Error(`the sign-in was answered with ${status}`)
    }
  }

  close(): void {
    this.#agent.destroy()
  }

  async #send(
    path: string,
    method: string,
    headers: OutgoingHttpHeaders,
    body?: string | Buffer,
  ): Promise<Answer> {
    const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }
    const options = { method, agent: this.#agent, headers: { ...headers, ...length } }
    const response = await this.#once(path, options, body)
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      cookies: response.headers['set-cookie'] ?? [],
      body: await text(response),
    }
  }

  async #once(
    path: string,
    options: RequestOptions,
    body: string | Buffer | undefined,
  ): Promise<IncomingMessage> {
    const sent = request(`${this.#origin}${path}`, options).end(body)
    try {
      const [response] = await once(sent, 'response')
      return response
    } catch (error) {
      // As a browser does: the server may have closed the kept connection just as it was used again.
      if (sent.reusedSocket && options.method === 'GET') return this.#once(path, options, body)
      throw error
    }
  }
}
