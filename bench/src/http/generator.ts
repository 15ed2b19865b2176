import { connect } from 'node:net'
import { serve } from '../harness/serve.js'
import { percentile } from '../harness/statistics.js'
import type { Load } from './model.js'
import type { Question } from './requests.js'

export interface GeneratorInput {
  readonly port: number
  readonly question: Question
  readonly cookies: readonly string[]
  readonly connections: number
  readonly seconds: number
}

// Stands in where wrk cannot be had: keep-alive connections, one request on each at a time.
serve(generate)

async function generate(input: GeneratorInput): Promise<Load> {
  const requests = input.cookies.map((cookie) => toRequest(input.question, cookie))
  const until = performance.now() + input.seconds * 1000
  const latencies: number[] = []
  let errors = 0
  let at = 0
  const start = performance.now()
  const drive = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect({ port: input.port, host: '127.0.0.1', noDelay: true })
      let sent = 0
      let received = 0
      let wanted = 0
      const send = (): void => {
        at = at + 1 < requests.length ? at + 1 : 0
        sent = performance.now()
        socket.write(requests[at] ?? '')
      }
      socket.on('connect', send)
      socket.on('error', reject)
      socket.on('close', () => resolve())
      socket.on('data', (chunk) => {
        // All answers are of one length, which the first tells.
        if (wanted === 0) wanted = lengthOf(chunk)
        if (received === 0 && !isOk(chunk)) errors += 1
        received += chunk.length
        if (received < wanted) return
        received = 0
        latencies.push(performance.now() - sent)
        if (performance.now() < until) send()
        else socket.end()
      })
    })
  await Promise.all(Array.from({ length: input.connections }, drive))
  const seconds = (performance.now() - start) / 1000
  const p50 = percentile(latencies, 0.5)
  return { requests: latencies.length, seconds, p50, p99: percentile(latencies, 0.99), errors }
}

function isOk(chunk: Buffer): boolean {
  return /^20[04]$/.test(chunk.toString('latin1', 9, 12))
}

function lengthOf(chunk: Buffer): number {
  const text = chunk.toString('latin1')
  const head = text.indexOf('\r\n\r\n') + 4
  return head + Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0)
}

function toRequest({ path, headers }: Question, cookie: string): Buffer {
  const lines = Object.entries({ ...headers, Cookie: cookie }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  return Buffer.from(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1')
}
