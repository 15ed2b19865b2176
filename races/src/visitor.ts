import { Agent, type IncomingMessage, request } from 'node:http'
import { Answer } from './answer.js'
import type { Random } from './random.js'

export interface Call {
  /** The process that is asked. Default: any, as the seed decides. */
  readonly process?: number
  /** The race whose store calls wait until they are told to go. */
  readonly race?: string
}

/** Requests to the processes of the application, as they come through a load balancer that sends each to any of them. */
export class Visitor {
  readonly #ports: readonly number[]
  readonly #random: Random
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 300 })
  /** Requests so far. */
  requests = 0

  constructor(ports: readonly number[], random: Random) {
    this.#ports = ports
    this.#random = random
  }

  /** Has the steps taken in the session of `token`. */
  async send(token: string | null, steps: readonly string[], call: Call = {}): Promise<Answer> {
    const at = call.process ?? this.#random.below(this.#ports.length)
    this.requests += 1
    const response = await this.#response(at, token, steps, call.race)
    const parts: Buffer[] = []
    for await (const part of response) parts.push(Buffer.from(part))
    const body = Buffer.concat(parts).toString()
    return new Answer(at, response.statusCode ?? 0, response.headers, body)
  }

  close(): void {
    this.#agent.destroy()
  }

  #response(
    at: number,
    token: string | null,
    steps: readonly string[],
    race: string | undefined,
  ): Promise<IncomingMessage> {
    const query = steps.map((step) => `do=${encodeURIComponent(step)}`).join('&')
    return new Promise((resolve, reject) => {
      request({
        host: '127.0.0.1',
        port: this.#ports[at],
        method: 'POST',
        path: `/?${query}`,
        agent: this.#agent,
        setHost: false,
        headers: {
          Host: 'app.example',
          'X-Forwarded-Proto': 'https',
          'Sec-Fetch-Site': 'same-origin',
          ...(token === null ? {} : { Cookie: `__Host-session=${token}` }),
          ...(race === undefined ? {} : { 'X-Race': race }),
        },
      })
        .once('error', reject)
        .once('response', resolve)
        .end()
    })
  }
}
