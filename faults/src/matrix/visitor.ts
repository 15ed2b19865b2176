import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { now } from '../time.js'

/** What a visitor got. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** How long it took. */
  readonly milliseconds: number
}

export interface Question {
  readonly port: number
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** As it was set, `name=value`; null for none. */
  readonly cookie: string | null
}

/** Longer than any promise: what takes this long has no answer. */
const PATIENCE = 10_000

const agent = new Agent({ keepAlive: true, maxSockets: Infinity })

/** Asks as a browser does. Rejects where the application gives no answer. */
export function ask({ port, method, path, cookie }: Question): Promise<Answer> {
  const began = now()
  const headers = {
    'sec-fetch-site': 'same-origin',
    ...(cookie === null ? {} : { cookie }),
  }
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers, agent }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('error', reject)
      response.once('end', () => {
        const { statusCode: status = 0, headers: received } = response
        const body = Buffer.concat(chunks).toString()
        resolve({ status, headers: received, body, milliseconds: now() - began })
      })
    })
    sent.setTimeout(PATIENCE, () => sent.destroy(new Error(`no answer within ${PATIENCE} ms`)))
    sent.once('error', reject)
    sent.end()
  })
}

/** Closes what is kept open. */
export function hangUp(): void {
  agent.destroy()
}

/** The cookie that the answer sets, `name=value`; null for none. An empty value is one that is taken away. */
export function cookieOf({ headers }: Pick<Answer, 'headers'>): string | null {
  const [line] = headers['set-cookie'] ?? []
  return line?.split(';')[0] ?? null
}

/** Whether the answer takes a cookie away. */
export function clears({ headers }: Pick<Answer, 'headers'>): boolean {
  return (headers['set-cookie'] ?? []).some((line) => {
    const expires = /;\s*expires=([^;]+)/i.exec(line)?.[1]
    const past = expires !== undefined && Date.parse(expires) <= Date.now()
    return /^[^=]*=\s*(?:;|$)/.test(line) || /;\s*max-age=(?:0|-\d+)\s*(?:;|$)/i.test(line) || past
  })
}
