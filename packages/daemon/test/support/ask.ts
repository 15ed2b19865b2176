import { type ClientRequest, type OutgoingHttpHeaders, request } from 'node:http'
import type { Door } from '@holdfast/daemon'

/** A path of a unix socket, or a port of the loopback address. */
export type Place = string | number

export interface Asked {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  /** The body as JSON; undefined if it is none. */
  readonly json: unknown
}

export interface AskOptions {
  readonly headers?: OutgoingHttpHeaders
  readonly json?: unknown
  /** A body as it is. */
  readonly body?: string | Buffer
}

/** Lets a door listen, on a socket or on a port of its own choice. */
export function listen({ server }: Door, path?: string): Promise<Place> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path === undefined ? { host: '127.0.0.1', port: 0 } : { path }, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : (path ?? ''))
    })
  })
}

/** Where a request to a place goes. */
export function target(place: Place): { socketPath: string } | { host: string; port: number } {
  return typeof place === 'string' ? { socketPath: place } : { host: '127.0.0.1', port: place }
}

/** One request on a connection of its own. */
export function ask(
  place: Place,
  method: string,
  path: string,
  options: AskOptions = {},
): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const body = options.json === undefined ? options.body : JSON.stringify(options.json)
    const headers = {
      ...(options.json === undefined ? {} : { 'content-type': 'application/json' }),
      ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
      ...options.headers,
    }
    const asked = request({ ...target(place), method, path, headers, agent: false })
    asked.on('error', reject)
    void readAnswer(asked).then(resolve, reject)
    asked.end(body)
  })
}

/** The answer to a request that somebody else sends. */
export function readAnswer(asked: ClientRequest): Promise<Asked> {
  return new Promise((resolve, reject) => {
    asked.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const { statusCode: status = 0, headers } = response
        resolve({ status, headers, text, json: parse(text) })
      })
    })
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
