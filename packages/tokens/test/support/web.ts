import assert from 'node:assert/strict'
import { fetchSessions } from '@holdfast/http'
import type { World } from './world.js'

export const ORIGIN = 'https://id.example'

export type Body = Readonly<Record<string, unknown>>

/** What came back. */
export interface Reply {
  readonly status: number
  readonly body: Body
  readonly headers: Headers
  /** Set-Cookie lines. */
  readonly cookies: readonly string[]
}

type Fields = Readonly<Record<string, string>>

/** A browser at the site of the endpoints: keeps its cookies by name and path, and says of its requests what browsers say. */
export class Browser {
  readonly jar: Map<string, { readonly value: string; readonly path: string }> = new Map()
  /** Which site its page is of, as Sec-Fetch-Site. */
  site = 'same-origin'
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** Signs in by the application's own route. */
  async signIn(subject = 'ada', remember = false): Promise<this> {
    const open = fetchSessions(this.#world.sessions)
    const { session, commit } = await open(this.#request('/login', {}))
    await session.authenticate(subject, { methods: ['pwd'], remember })
    this.#take(await commit(new Response()))
    return this
  }

  issue(fields: Body = { client_id: 'spa' }, headers: Fields = {}): Promise<Reply> {
    const body = JSON.stringify(fields)
    const type = { 'content-type': 'application/json' }
    return this.send('/auth/issue', { body, headers: { ...type, ...headers } })
  }

  refresh(fields: Fields = {}, headers: Fields = {}): Promise<Reply> {
    return this.form(
      '/auth/token',
      { grant_type: 'refresh_token', client_id: 'spa', ...fields },
      headers,
    )
  }

  form(path: string, fields: Fields, headers: Fields = {}): Promise<Reply> {
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    const body = new URLSearchParams(fields).toString()
    return this.send(path, { body, headers: { ...type, ...headers } })
  }

  async send(path: string, init: RequestInit): Promise<Reply> {
    const response = await this.#world.tokens.handler(this.#request(path, init), {})
    if (response === undefined) return assert.fail(`nobody answers ${path}`)
    this.#take(response)
    return toReply(response)
  }

  /** The cookie whose name begins so. */
  cookie(name: string): string | undefined {
    return this.jar.get(name)?.value
  }

  #request(path: string, init: RequestInit): Request {
    const headers = new Headers(init.headers)
    const sent = [...this.jar].filter(
      ([, each]) => path === each.path || path.startsWith(each.path.replace(/\/?$/, '/')),
    )
    if (sent.length > 0)
      headers.set('cookie', sent.map(([name, { value }]) => `${name}=${value}`).join('; '))
    if (!headers.has('sec-fetch-site')) headers.set('sec-fetch-site', this.site)
    return new Request(ORIGIN + path, { method: 'POST', ...init, headers })
  }

  #take(response: Response): void {
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = '', attributes = ''] = /^([^=]+)=([^;]*)(.*)$/.exec(line) ?? []
      const path = /Path=([^;]+)/.exec(attributes)?.[1] ?? '/'
      if (/Max-Age=0/.test(attributes)) this.jar.delete(name)
      else this.jar.set(name, { value, path })
    }
  }
}

/** A client without cookies, such as a mobile application or a server. */
export async function post(
  world: World,
  path: string,
  fields: Fields | string,
  headers: Fields = {},
): Promise<Reply> {
  const body = typeof fields === 'string' ? fields : new URLSearchParams(fields).toString()
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  const init = { method: 'POST', body, headers: { ...type, ...headers } }
  return send(world, path, init)
}

export async function send(world: World, path: string, init: RequestInit): Promise<Reply> {
  const response = await world.tokens.handler(new Request(ORIGIN + path, init), {})
  return response === undefined ? assert.fail(`nobody answers ${path}`) : toReply(response)
}

async function toReply(response: Response): Promise<Reply> {
  const text = await response.text()
  const body: Body = text === '' ? {} : JSON.parse(text)
  const { status, headers } = response
  return { status, body, headers, cookies: headers.getSetCookie() }
}

/** `status error`, or the status alone. */
export function said({ status, body }: Reply): string {
  return 'error' in body ? `${status} ${String(body['error'])}` : String(status)
}
