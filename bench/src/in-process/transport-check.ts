import { lmdbStore } from '@holdfast/lmdb'
import { memoryStore } from '@holdfast/memory'
import { isPromise } from '@holdfast/core/engine'
import { createTransport, type IncomingRequest } from '@holdfast/http/transport'
import { time } from '../harness/stopwatch.js'
import type { Figures, MeasureInput } from '../model.js'
import { manager, shuffledHeaders, tokensOf } from './setup.js'

/** The whole way of an unchanged session without a web server: origin check, open, read the subject, finish. */
export async function measure(input: MeasureInput): Promise<Figures> {
  const store = input.variant === 'lmdb' ? lmdbStore(input.folder) : memoryStore()
  const sessions = manager(input, store)
  const transport = createTransport(sessions, { trustProxy: ['loopback'] })
  const requests = shuffledHeaders(await tokensOf(sessions, input.count)).map(toRequest)
  let at = 0
  const { wall, cpu } = await time(input.scale, (count) => {
    let found = 0
    for (let left = count; left > 0; left--) {
      const request = requests[at] ?? toRequest('')
      at = at + 1 === requests.length ? 0 : at + 1
      transport.assertSameOrigin(request)
      const open = transport.open(request, true)
      if (isPromise(open) || open.record === null || open.dirty) throw new Error('a wrong answer')
      found += open.record.subject?.length ?? 0
      if (open.finish().kind !== 'none') throw new Error('a cookie nobody asked for')
    }
    return found
  })
  await sessions.close()
  return { wall, cpu }
}

function toRequest(cookie: string): IncomingRequest {
  const headers: Readonly<Record<string, string>> = {
    cookie,
    host: 'www.example.com',
    'x-forwarded-for': '203.0.113.7',
    'x-forwarded-proto': 'https',
  }
  return {
    method: 'GET',
    peer: '127.0.0.1',
    encrypted: false,
    header: (name) => headers[name],
  }
}
