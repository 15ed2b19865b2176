import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { isProblem } from './lib/answers.js'
import type { Client } from './lib/client.js'
import { type Site, startSite } from './lib/site.js'

let site: Site

before(async () => {
  site = await startSite()
})
after(() => site.stop())

describe('other sites', () => {
  const foreign: readonly [name: string, headers: Record<string, string | undefined>][] = [
    ['no word of where it comes from', { origin: undefined }],
    ['a foreign Origin', { origin: 'https://evil.example' }],
    ['a foreign port', { origin: 'https://localhost:1' }],
    ['plain HTTP', { origin: 'http://localhost' }],
    ['Origin null', { origin: 'null' }],
    ['Sec-Fetch-Site: cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['Sec-Fetch-Site: same-site', { 'sec-fetch-site': 'same-site' }],
    ['a foreign Referer', { origin: undefined, referer: 'https://evil.example/' }],
  ]
  for (const [name, headers] of foreign) {
    test(`a change with ${name} is refused`, async () => {
      const client = site.client()
      await client.signIn()
      for (const path of ['/logout', '/logout-everywhere', '/cart/add', '/login'])
        isProblem(await client.send('POST', path, { json: {}, headers }), 403, 'ERR_SESSION_CSRF')
      isProblem(await client.send('PUT', '/data/a', { json: { value: 1 }, headers }), 403)
      assert.equal((await client.get('/me', { headers })).status, 200)
    })
  }

  test('the Referer of this site is enough', async () => {
    const client = site.client()
    const headers = { origin: undefined, referer: `${site.origin}/cart` }
    const answer = await client.send('POST', '/cart/add', { json: { item: 'bread' }, headers })
    assert.equal(answer.status, 200)
  })

  test('a form needs the token of its own session', async () => {
    const [client, other] = [site.client(), site.client()]
    await client.signIn()
    await other.signIn()
    const foreignToken = await tokenOf(other)
    assert.equal((await client.postForm('/cart/add', { item: 'bread' })).status, 403)
    for (const token of ['', 'x', foreignToken])
      assert.equal((await client.postForm('/cart/add', withToken(token))).status, 403)
    const stale = await tokenOf(client)
    const answer = await client.postForm('/cart/add', withToken(stale))
    assert.equal(answer.status, 303)
    assert.equal(answer.header('location'), '/cart')
    await client.post('/reauthenticate', { password: 'holdfast-demo' })
    assert.equal((await client.postForm('/cart/add', withToken(stale))).status, 403)
  })

  test('after signing in, people go on where they were, and nowhere else', async () => {
    for (const [returnTo, location] of [
      ['/sessions', '/sessions'],
      ['https://evil.example/', '/'],
      ['//evil.example', '/'],
      ['/\\evil.example', '/'],
      ['javascript:alert(1)', '/'],
    ] as const) {
      const fields = { username: 'demo1', password: 'holdfast-demo', returnTo }
      const answer = await site.client().postForm('/login', fields)
      assert.equal(answer.status, 303)
      assert.equal(answer.header('location'), location)
    }
  })

  test('what visitors send is shown as text', async () => {
    const username = '"><script>alert(1)</script>'
    const { status, text } = await site.client().postForm('/login', { username, password: 'x' })
    assert.equal(status, 401)
    assert.ok(!text.includes('<script>alert'))
    assert.ok(text.includes('&quot;&gt;&lt;script&gt;alert(1)'))
  })

  test('pages allow own content only', async () => {
    for (const path of ['/', '/login', '/cart', '/nowhere', '/site.css']) {
      const answer = await site.client().get(path, { headers: { accept: 'text/html' } })
      assert.match(answer.header('content-security-policy') ?? '', /^default-src 'self';/)
      assert.equal(answer.header('x-content-type-options'), 'nosniff')
      assert.equal(answer.header('x-powered-by'), undefined)
      assert.doesNotMatch(answer.text, /<style|style=|<script>|\son\w+=/)
    }
  })
})

/** The CSRF token in the forms that this visitor sees. */
async function tokenOf(client: Client): Promise<string> {
  const { text } = await client.get('/cart', { headers: { accept: 'text/html' } })
  return /name="_csrf" value="([^"]+)"/.exec(text)?.[1] ?? ''
}

function withToken(token: string): Readonly<Record<string, string>> {
  return { item: 'bread', _csrf: token }
}
