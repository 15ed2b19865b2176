import assert from 'node:assert/strict'
import { ask, type Asked, type AskOptions, type Place } from './ask.js'

/** What an application is answered about a session. */
export interface Loaded {
  readonly session: { readonly id: string; readonly subject: string | null } | null
  readonly version: number | null
  readonly data: Readonly<Record<string, unknown>>
  readonly shared: Readonly<Record<string, unknown>>
}

/** What a web server says of a visitor. */
export const VISIT = {
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'shop.example',
  'x-forwarded-for': '203.0.113.9',
  'user-agent': 'Test/1.0',
} as const

/** Somebody with a browser, whose requests an application hands on. */
export class Visitor {
  cookie: string | null = null

  /** Keeps the cookie that is to be passed on, as a browser does. */
  async ask(
    place: Place,
    method: string,
    path: string,
    json?: unknown,
    options: AskOptions = {},
  ): Promise<Asked> {
    const cookie = this.cookie === null ? {} : { cookie: this.cookie }
    const headers = { ...VISIT, ...cookie, ...options.headers }
    const answer = await ask(place, method, path, {
      ...options,
      ...(json === undefined ? {} : { json }),
      headers,
    })
    const [line, ...more] = answer.headers['set-cookie'] ?? []
    assert.equal(more.length, 0, 'at most one Set-Cookie')
    if (line !== undefined) {
      const [pair = ''] = line.split(';')
      this.cookie = pair.endsWith('=') ? null : pair
    }
    return answer
  }

  /** The same, with what must be a 200 about a session. */
  async session(place: Place, method: string, path: string, json?: unknown): Promise<Loaded> {
    const answer = await this.ask(place, method, path, json)
    assert.equal(answer.status, 200, answer.text)
    return answer.json as Loaded
  }

  async signIn(place: Place, subject: string): Promise<Loaded> {
    return this.session(place, 'POST', '/v1/session/authenticate', { subject })
  }
}
