import assert from 'node:assert/strict'
import type { Client } from '../client.js'
import type { Group } from '../define.js'
import type { Site } from '../site.js'

type Headers = Readonly<Record<string, string | null>>

const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE'] as const
const TYPES = [
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'text/plain',
  'application/json',
  'application/x-www-form-urlencoded, application/json',
  null,
] as const

/** Requests of the same origin, in each family of headers that a browser may say it by. */
const SAME: Readonly<Record<string, Headers>> = {
  'Sec-Fetch-Site': { 'Sec-Fetch-Site': 'same-origin' },
  Origin: { 'Sec-Fetch-Site': null, Origin: 'https://app.example' },
  Referer: { 'Sec-Fetch-Site': null, Referer: 'https://app.example/page?x=1' },
}

/** Requests that others caused, or of which that cannot be told. */
const OTHERS: Readonly<Record<string, Headers>> = {
  'Sec-Fetch-Site: cross-site': { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' },
  'Sec-Fetch-Site: same-site': { 'Sec-Fetch-Site': 'same-site', Origin: 'https://x.app.example' },
  'Sec-Fetch-Site: cross-site with our Origin': {
    'Sec-Fetch-Site': 'cross-site',
    Origin: 'https://app.example',
  },
  'Sec-Fetch-Site: none, and no navigation': { 'Sec-Fetch-Site': 'none', 'Sec-Fetch-Mode': 'cors' },
  'a foreign Origin': { 'Sec-Fetch-Site': null, Origin: 'https://evil.example' },
  'the Origin of a sibling host': { 'Sec-Fetch-Site': null, Origin: 'https://x.app.example' },
  'our Origin by http': { 'Sec-Fetch-Site': null, Origin: 'http://app.example' },
  'our Origin on another port': { 'Sec-Fetch-Site': null, Origin: 'https://app.example:444' },
  'Origin: null': { 'Sec-Fetch-Site': null, Origin: 'null' },
  'a foreign Referer': { 'Sec-Fetch-Site': null, Referer: 'https://evil.example/app.example' },
  'no such header': { 'Sec-Fetch-Site': null },
  'an unknown Sec-Fetch-Site': { 'Sec-Fetch-Site': 'sideways' },
}

/** Origins that a server which reflects them, or compares them loosely, would let read its answers. */
const READERS = [
  'https://evil.example',
  'https://app.example.evil.example',
  'https://evilapp.example',
  'https://x.app.example',
  'http://app.example',
  'null',
] as const

/** Only our own pages change anything (CSRF). */
export function csrfCases(group: Group): void {
  for (const [name, headers] of Object.entries(SAME)) {
    group.add(`a request of our own page passes, told by ${name}`, async (site) => {
      const client = await site.signedIn()
      let count = 0
      for (const request of requests()) {
        const answer = await send(client, headers, request)
        assert.equal(answer.status, 200, `${request.method} ${request.type}`)
        count += 1
      }
      assert.deepEqual((await client.get(['get n'])).out, [count])
    })
  }

  for (const [name, headers] of Object.entries(OTHERS)) {
    group.add(`a request of another page is refused, told by ${name}`, async (site) => {
      const client = await site.signedIn()
      await refused(site, client, headers)
      assert.deepEqual((await client.get(['get n'])).out, [null])
    })
  }

  group.add('links and images from elsewhere are served: GET, HEAD and OPTIONS', async (site) => {
    const client = await site.signedIn()
    for (const method of ['GET', 'HEAD']) {
      const answer = await client.call(['me'], {
        method,
        headers: { 'Sec-Fetch-Site': 'cross-site' },
      })
      assert.equal(answer.status, 200)
    }
  })

  group.add('no answer lets a page of another origin read it', async (site) => {
    const client = await site.signedIn()
    for (const origin of READERS) {
      for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST']) {
        const headers = { Origin: origin, 'Access-Control-Request-Method': 'POST' }
        const answer = await client.call(['me'], { method, headers })
        const names = Object.keys(answer.headers).join()
        assert.ok(!names.includes('access-control-'), `${method} ${origin}`)
      }
    }
  })

  group.add(
    'other sites of ours pass where they are listed',
    async (site) => {
      const client = await site.signedIn()
      for (const relation of ['same-site', 'cross-site', null]) {
        const headers = { 'Sec-Fetch-Site': relation, Origin: 'https://admin.example' }
        assert.equal((await client.do(['count n'], { headers })).status, 200)
        const other = { 'Sec-Fetch-Site': relation, Origin: 'https://evil.example' }
        assert.equal((await client.do(['count n'], { headers: other })).status, 403)
      }
    },
    { transport: { trustProxy: ['loopback'], trustedOrigins: ['https://admin.example'] } },
  )

  group.add('a sign-in that another site causes is refused too', async (site) => {
    const answer = await site
      .client()
      .do(['login eve'], { headers: { 'Sec-Fetch-Site': 'cross-site' } })
    assert.equal(answer.status, 403)
    assert.deepEqual(answer.setCookies, [])
    assert.equal(site.store.calls(), 0)
  })
}

async function refused(site: Site, client: Client, headers: Headers): Promise<void> {
  const { requests: before } = site.app
  const calls = site.store.calls()
  for (const request of requests()) {
    const answer = await send(client, headers, request)
    const what = `${request.method} ${request.type}`
    assert.equal(answer.status, 403, what)
    assert.equal(answer.code, 'ERR_SESSION_CSRF', what)
    assert.deepEqual(answer.setCookies, [], what)
  }
  assert.equal(site.app.requests, before, 'the application is not asked')
  assert.equal(site.store.calls(), calls, 'the store is not asked')
}

function* requests(): Generator<{ readonly method: string; readonly type: string | null }> {
  for (const method of METHODS) for (const type of TYPES) yield { method, type }
}

function send(
  client: Client,
  headers: Headers,
  { method, type }: { readonly method: string; readonly type: string | null },
): ReturnType<Client['call']> {
  const all = { ...headers, 'Content-Type': type }
  return client.call(['count n'], { method, headers: all, body: 'n=1' })
}
