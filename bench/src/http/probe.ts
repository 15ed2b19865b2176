import { request } from 'node:http'
import type { Question } from './requests.js'

/** One answer, reduced to what every variant has to have in common: status, headers, body. */
export async function probe(port: number, question: Question, cookie: string): Promise<string> {
  const { status, headers, text } = await get(port, question, cookie)
  const lines = Object.entries(headers)
    .filter(([name]) => !['date', 'etag', 'set-cookie'].includes(name))
    .map(([name, value]) => `${name}: ${shown(name, String(value))}`)
    .toSorted()
  if (headers['set-cookie'] !== undefined) lines.push('a cookie was set')
  return [status, ...lines, text.replace(/user-\d+/, 'user')].join('\n')
}

/** An assertion differs with each visitor and second, its length does not. */
function shown(name: string, value: string): string {
  return name === 'x-session-assertion' ? `${value.length} characters` : value
}

interface Answer {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly text: string
}

function get(port: number, { path, headers: lines }: Question, cookie: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { ...lines, Cookie: cookie }
    const outgoing = request(
      { host: '127.0.0.1', port, path, headers, agent: false },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        )
      },
    )
    outgoing.on('error', reject)
    outgoing.end()
  })
}
