import { Agent, request } from 'node:https'

/** What the site answered. */
export interface Answer {
  readonly status: number
  readonly type: string
  readonly text: string
  /** The body, if it is JSON. */
  readonly json: unknown
  header(name: string): string | undefined
  /** Set-Cookie lines, without their values. */
  readonly cookies: readonly string[]
  /** Set-Cookie lines as they are: not for messages. */
  readonly setCookies: readonly string[]
}

export interface Send {
  /** Sent as JSON. */
  readonly json?: unknown
  /** Sent as it is. */
  readonly body?: string
  readonly headers?: Readonly<Record<string, string | undefined>>
}

/** A script that speaks JSON to the site and keeps its cookie. The cookie stays inside: no failing test prints it. */
export class Client {
  readonly #origin: string
  readonly #agent: Agent
  #cookie: string | undefined

  constructor(origin: string, ca: string, agent: Agent = new Agent({ keepAlive: true, ca })) {
    this.#origin = origin
    this.#agent = agent
  }

  /** Whether the site has given this client a cookie. */
  get hasCookie(): boolean {
    return this.#cookie !== undefined
  }

  /** The same visitor in another program, or at another site: the cookie is the same until either gets a new one. */
  clone(at: Client = this): Client {
    const copy = new Client(at.#origin, '', at.#agent)
    copy.#cookie = this.#cookie
    return copy
  }

  get(path: string, send?: Send): Promise<Answer> {
    return this.send('GET', path, send)
  }

  post(path: string, json: unknown = {}): Promise<Answer> {
    return this.send('POST', path, { json })
  }

  /** Sends what a browser sends when a person presses a button. */
  postForm(path: string, fields: Readonly<Record<string, string>>): Promise<Answer> {
    return this.send('POST', path, {
      body: new URLSearchParams(fields).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' },
    })
  }

  signIn(username = 'demo1', password = 'holdfast-demo'): Promise<Answer> {
    return this.post('/login', { username, password })
  }

  send(method: string, path: string, { json, body, headers = {} }: Send = {}): Promise<Answer> {
    const content = json === undefined ? body : JSON.stringify(json)
    const all: Record<string, string | undefined> = {
      accept: 'application/json',
      origin: this.#origin,
      cookie: this.#cookie,
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    }
    const present = Object.entries(all).filter(([, value]) => value !== undefined)
    return new Promise((resolve, reject) => {
      const options = { method, agent: this.#agent, headers: Object.fromEntries(present) }
      const outgoing = request(this.#origin + path, options, (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('error', reject)
        incoming.on('end', () => {
          const cookies = incoming.headers['set-cookie'] ?? []
          this.#keep(cookies)
          const type = incoming.headers['content-type'] ?? ''
          const text = Buffer.concat(chunks).toString()
          resolve({
            status: incoming.statusCode ?? 0,
            type,
            text,
            json: /\bjson\b/.test(type) ? JSON.parse(text) : undefined,
            header: (name) => incoming.headers[name]?.toString(),
            setCookies: cookies,
            cookies: cookies.map((line) => line.replace(/=[^;]*/, '=…')),
          })
        })
      })
      outgoing.on('error', reject)
      outgoing.end(content)
    })
  }

  close(): void {
    this.#agent.destroy()
  }

  #keep(lines: readonly string[]): void {
    for (const line of lines) {
      const [pair] = line.split(';')
      this.#cookie = line.includes('Max-Age=0') ? undefined : pair
    }
  }
}
