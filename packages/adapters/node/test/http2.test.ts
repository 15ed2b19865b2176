import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect, createServer, type IncomingHttpHeaders } from 'node:http2'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { createSessions } from '@holdfast/core'
import { memoryStore } from '@holdfast/memory'
import { withSession } from '../src/index.js'

test('the compatibility API of HTTP/2 is served as node:http is', async () => {
  const sessions = createSessions({
    store: memoryStore(),
    keys: ['http2-test-key-0123456789abcdefghijklmn'],
  })
  const handler = withSession(
    sessions,
    (req, res, session) => {
      if (req.url === '/write') session.set('a', 1)
      else assert.equal(session.subject, null)
      if (req.url === '/head') res.writeHead(200, { vary: 'Accept' })
      res.end('body')
    },
    { development: true },
  )
  // What of node:http's request and response the door needs, those of HTTP/2 have too.
  const server = createServer((req, res) =>
    handler(req as unknown as IncomingMessage, res as unknown as ServerResponse),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const client = connect(`http://127.0.0.1:${address.port}`)
  try {
    for (const path of ['/read', '/head', '/write']) {
      const stream = client.request({ ':path': path })
      const [[headers], body]: [[IncomingHttpHeaders], string] = await Promise.all([
        once(stream, 'response') as Promise<[IncomingHttpHeaders]>,
        text(stream),
      ])
      assert.equal(body, 'body')
      assert.equal(headers['cache-control'], 'no-store')
      assert.equal(headers['vary'], path === '/head' ? 'Accept, Cookie' : 'Cookie')
      assert.equal(headers['set-cookie']?.length, path === '/write' ? 1 : undefined)
    }
  } finally {
    client.close()
    server.close()
    await sessions.close()
  }
})
