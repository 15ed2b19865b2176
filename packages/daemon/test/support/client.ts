import { once } from 'node:events'
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { pause, until } from '@holdfast/test-servers/wait'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** What a web server says of a visitor's request. */
const EDGE = {
  'X-Forwarded-Method': 'GET',
  'X-Forwarded-Uri': '/',
  'X-Forwarded-Host': 'site.example',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-For': '192.0.2.1',
}

export interface Ask {
  readonly path: string
  readonly agent?: Agent | false
  readonly cookie?: string
  /** Default `shop`. */
  readonly app?: string
  /** Sent as JSON; null for a POST without a body. */
  readonly body?: unknown
}

/** One request; rejects where the connection breaks. Nothing is asked again. */
export function ask(
  target: string | { readonly port: number },
  { path, agent = false, cookie, body, app = 'shop' }: Ask,
): Promise<Answer> {
  const to =
    typeof target === 'string' ? { socketPath: target } : { host: '127.0.0.1', port: target.port }
  return new Promise((resolve, reject) => {
    const headers = {
      ...EDGE,
      'X-Session-App': app,
      ...(cookie === undefined ? {} : { Cookie: cookie }),
      ...(body === undefined || body === null ? {} : { 'Content-Type': 'application/json' }),
    }
    const asked = request(
      { ...to, path, agent, headers, method: body === undefined ? 'GET' : 'POST' },
      (response) => {
        text(response).then(
          (read) =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: read }),
          reject,
        )
      },
    )
    asked.once('error', reject)
    asked.end(body === undefined || body === null ? undefined : JSON.stringify(body))
  })
}

/** Signs an account in at an application's socket; gives the visitor's Cookie header. A disk that is slow is asked again. */
export async function signIn(socket: string, subject: string, times = 20): Promise<string> {
  const { status, headers, body } = await ask(socket, {
    path: '/v1/session/authenticate',
    body: { subject },
  })
  if (status === 503 && times > 1) return await signIn(socket, subject, times - 1)
  const [cookie] = headers['set-cookie'] ?? []
  if (status !== 200 || cookie === undefined) throw new Error(`not signed in: ${status} ${body}`)
  return cookie.split(';')[0] ?? ''
}

/**
 * A question with a token that is none, which leaves an event, and nothing to write that a disk could be too slow for. It is in the
 * midst of its body when this resolves; what is returned sends the rest, and gives the status of the answer.
 */
export async function slowQuestion(socketPath: string): Promise<() => Promise<number | undefined>> {
  const headers = { ...EDGE, 'Content-Type': 'application/json', Cookie: '__Host-session=none' }
  const path = '/v1/session/csrf-token/verify'
  const asked = request({ socketPath, method: 'POST', path, agent: false, headers })
  const answered = once(asked, 'response')
  answered.catch(() => undefined)
  asked.write('{"token":')
  await until(() => asked.socket?.connecting === false, 'it is under way')
  // What came later is answered: so it has arrived.
  await ask(socketPath, { path: '/v1/session' })
  return async () => {
    asked.end('"x"}')
    const [response] = (await answered) as [IncomingMessage]
    response.resume()
    return response.statusCode
  }
}

/** Clients that ask all the time, and leave new processes a chance to start, on connections that are kept as long as the daemon keeps them. */
export interface Load {
  /** Answers so far, by status; `broken` counts connections that broke. */
  readonly seen: ReadonlyMap<string, number>
  stop(): Promise<void>
}

/** Starts `width` of them; `cookies` are taken in turn. */
export function startLoad(
  t: TestContext,
  socket: string,
  cookies: readonly string[],
  width = 4,
): Load {
  const seen = new Map<string, number>()
  const agent = new Agent({ keepAlive: true, maxSockets: width })
  const ended = new AbortController()
  const client = async (first: number): Promise<void> => {
    for (let turn = first; !ended.signal.aborted; turn += width) {
      const cookie = cookies[turn % cookies.length] ?? ''
      const key = await ask(socket, { path: '/v1/check', agent, cookie }).then(
        ({ status }) => String(status),
        (error: NodeJS.ErrnoException) => `broken ${error.code}`,
      )
      seen.set(key, (seen.get(key) ?? 0) + 1)
      await pause(2)
    }
  }
  const clients = Array.from({ length: width }, (_, index) => client(index))
  const stop = async (): Promise<void> => {
    ended.abort()
    await Promise.all(clients)
    agent.destroy()
  }
  t.after(stop)
  return { seen, stop }
}

/** How many answers there were in all. */
export function total({ seen }: Pick<Load, 'seen'>): number {
  return [...seen.values()].reduce((sum, each) => sum + each, 0)
}

/** What was answered that is wrong for sessions that are good: a broken connection, or "nobody". That the disk is slow is not. */
export function wrongOf({ seen }: Pick<Load, 'seen'>): readonly string[] {
  return [...seen.keys()].filter((each) => each !== '204' && each !== '503')
}
