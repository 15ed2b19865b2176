import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, test } from 'node:test'
import { createSessions } from '@holdfast/core'
import { memoryStore } from '@holdfast/memory'
import { withSession } from '../src/index.js'

const sessions = createSessions({
  store: memoryStore(),
  keys: ['refusals-key-0123456789abcdefghijklm'],
})
const server = createServer(
  withSession(
    sessions,
    (req) => {
      throw new Error(`a secret of ${req.url}`)
    },
    { development: true },
  ),
).listen(0, '127.0.0.1')
await once(server, 'listening')
const address = server.address()
const origin = typeof address === 'object' && address !== null ? `127.0.0.1:${address.port}` : ''
after(async () => {
  server.close()
  await sessions.close()
})

for (const [what, init, status, code] of [
  [
    'another site sent',
    { method: 'POST', headers: { origin: 'https://evil.example' } },
    403,
    'ERR_SESSION_CSRF',
  ],
  ['the handler failed on', { method: 'GET' }, 500, 'ERR_INTERNAL'],
] as const) {
  test(`a request that ${what} is answered with its status, and nothing that could be sniffed or cached`, async () => {
    const response = await fetch(`http://${origin}/page`, init)
    assert.equal(response.status, status)
    assert.equal(response.headers.get('content-type'), 'application/problem+json')
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff')
    assert.equal(response.headers.get('cache-control'), 'no-store')
    assert.deepEqual(await response.json(), { type: 'about:blank', status, code })
  })
}
