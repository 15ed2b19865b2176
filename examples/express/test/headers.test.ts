import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Client } from './lib/client.js'
import { type Site, startSite } from './lib/site.js'

let site: Site

before(async () => {
  site = await startSite()
})
after(() => site.stop())

const PAGES = ['/', '/cart', '/sessions', '/vault'] as const
const HTML = { accept: 'text/html' }

describe('every page and every answer', () => {
  test('every page of somebody who is signed in has a button that signs out', async () => {
    const client = site.client()
    await client.signIn()
    for (const path of PAGES) {
      const { text } = await client.get(path, { headers: HTML })
      assert.match(text, /<form method="post" action="\/logout"[^]*?Sign out/, path)
    }
  })

  test('HEAD of what changes something is 405, and changes nothing', async () => {
    const client = site.client()
    await client.signIn()
    for (const path of [
      '/logout',
      '/logout-others',
      '/logout-everywhere',
      '/cart/add',
      '/cart/remove',
    ]) {
      const answer = await client.send('HEAD', path, { headers: HTML })
      assert.deepEqual([answer.status, answer.cookies], [405, []], path)
    }
    assert.equal((await client.get('/me')).status, 200)
    assert.deepEqual((await client.get('/data')).json, {})
  })

  test('answers of every kind, refusals included, are kept from sniffing, referrers, frames and other sites', async () => {
    const client = site.client()
    await client.signIn()
    for (const answer of await allKinds(client)) {
      assert.equal(answer.header('x-content-type-options'), 'nosniff', String(answer.status))
      assert.equal(answer.header('referrer-policy'), 'no-referrer')
      assert.equal(answer.header('cross-origin-resource-policy'), 'same-origin')
      assert.equal(answer.header('cross-origin-opener-policy'), 'same-origin')
      assert.match(answer.header('content-security-policy') ?? '', /frame-ancestors 'none'/)
    }
  })
})

/** One answer of each kind: pages, JSON, files, redirects, refusals, and a store that fails. */
async function allKinds(client: Client): ReturnType<typeof kinds> {
  const answers = await kinds(client)
  const statuses = answers.map(({ status }) => status)
  assert.deepEqual(statuses, [200, 200, 200, 303, 403, 404, 405, 415, 503])
  return answers
}

async function kinds(client: Client): Promise<readonly Awaited<ReturnType<Client['get']>>[]> {
  const text = { body: 'x', headers: { 'content-type': 'application/xml' } }
  const answers = [
    await client.get('/', { headers: HTML }),
    await client.get('/me'),
    await client.get('/site.css'),
    await site.client().get('/sessions', { headers: HTML }),
    await client.send('POST', '/logout', { headers: { origin: 'https://evil.example' } }),
    await client.get('/nowhere'),
    await client.get('/logout'),
    await client.send('PUT', '/data/a', text),
  ]
  site.store.broken = true
  try {
    return [...answers, await client.get('/me')]
  } finally {
    site.store.broken = false
  }
}
