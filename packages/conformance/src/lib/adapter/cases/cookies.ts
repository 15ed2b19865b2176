import assert from 'node:assert/strict'
import type { TransportOptions } from '@holdfast/http/transport'
import { COOKIE, SECURE } from '../client.js'
import type { Group } from '../define.js'
import type { Site } from '../site.js'

const PLAIN: Readonly<Record<string, string>> = {
  Host: 'app.example',
  'Sec-Fetch-Site': 'same-origin',
}
const LOCAL: Readonly<Record<string, string>> = { ...PLAIN, Host: 'localhost:8080' }
const PROXY = ['loopback'] as const
const GONE = 'Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT'
const DAY = 86_400

/** Where the token comes from and where it goes: the cookie's rules by scheme and by option. */
export function cookieCases(group: Group): void {
  attributeCases(group)
  schemeCases(group)
  channelCases(group)

  group.add('remember me keeps the cookie for what is left of the absolute life', async (site) => {
    const client = site.client()
    const answer = await client.do(['login ann remember'])
    assert.match(answer.setCookies[0] ?? '', new RegExp(`; Max-Age=${DAY}; Expires=[^;]+ GMT$`))
    site.clock.advance(30 * 60_000)
    const later = await client.get(['me'])
    assert.match(later.setCookies[0] ?? '', new RegExp(`; Max-Age=${DAY - 1800}; Expires=`))
    const plain = await client.do(['login ann'])
    assert.ok(!/Max-Age|Expires/.test(plain.setCookies[0] ?? ''))
  })
}

function attributeCases(group: Group): void {
  const forms: readonly (readonly [TransportOptions['cookie'] & object, string, string])[] = [
    [{}, COOKIE, '; Path=/; Secure; HttpOnly; SameSite=Lax'],
    [{ sameSite: 'strict' }, COOKIE, '; Path=/; Secure; HttpOnly; SameSite=Strict'],
    [
      { sameSite: 'none', acceptCrossSite: true },
      COOKIE,
      '; Path=/; Secure; HttpOnly; SameSite=None',
    ],
    [
      { name: '__Host-Http-session' },
      '__Host-Http-session',
      '; Path=/; Secure; HttpOnly; SameSite=Lax',
    ],
    [
      { domain: 'app.example' },
      '__Secure-session',
      '; Path=/; Domain=app.example; Secure; HttpOnly; SameSite=Lax',
    ],
    [
      { name: '__Secure-session', path: '/json' },
      '__Secure-session',
      '; Path=/json; Secure; HttpOnly; SameSite=Lax',
    ],
  ]
  for (const [cookie, name, attributes] of forms) {
    group.add(
      `the cookie is set and deleted with the same attributes (${name}${attributes})`,
      async (site) => {
        const client = site.client()
        const set = (await client.do(['login ann'])).setCookies
        assert.equal(set.length, 1)
        assert.ok(set[0]?.startsWith(`${name}=`))
        assert.ok(set[0]?.endsWith(attributes), set[0]?.replace(/=[^;]*/, '=…'))
        assert.equal((await client.get(['me'])).body.includes('"ann"'), true)
        const deleted = (await client.do(['logout'])).setCookies
        assert.deepEqual(deleted, [`${name}=${attributes}; ${GONE}`])
      },
      { transport: { trustProxy: PROXY, cookie } },
    )
  }
}

function schemeCases(group: Group): void {
  const refusals: readonly (readonly [
    string,
    TransportOptions,
    Readonly<Record<string, string>>,
  ])[] = [
    ['plain HTTP', {}, PLAIN],
    ['plain HTTP on loopback without development', {}, LOCAL],
    ['plain HTTP from elsewhere in development', { development: true }, PLAIN],
    ['a proxy that nobody has listed', {}, SECURE],
    [
      'an unlisted proxy in development',
      { development: true },
      { ...LOCAL, 'X-Forwarded-For': '::1' },
    ],
    [
      'a listed proxy that says http',
      { trustProxy: PROXY },
      { ...SECURE, 'X-Forwarded-Proto': 'http' },
    ],
    [
      'the header family that is not read',
      { trustProxy: PROXY, forwardedHeader: 'forwarded' },
      SECURE,
    ],
    [
      'a scheme that a client has put before the proxy',
      { trustProxy: PROXY },
      { ...SECURE, 'X-Forwarded-Proto': 'https, http', 'X-Forwarded-For': '127.0.0.1, 192.0.2.1' },
    ],
  ]
  for (const [name, transport, headers] of refusals) {
    group.add(
      `${name}: no cookie is set and nothing is stored`,
      async (site) => {
        for (const steps of [['set a 1'], ['login ann'], ['csrf'], ['count n']]) {
          const answer = await site.client(headers).do(steps)
          assert.equal(answer.status, 500)
          // Of an error that the error's own answer met again, the framework's last handler shows no code.
          if (steps[0] !== 'count n') assert.equal(answer.code, 'ERR_SESSION_INSECURE_TRANSPORT')
          assert.deepEqual(answer.setCookies, [])
        }
        assert.equal(site.store.calls(), 0)
        assert.equal((await site.client(headers).get(['me'])).status, 200)
      },
      { transport },
    )
  }

  acceptedCases(group)
}

function acceptedCases(group: Group): void {
  const accepted: readonly (readonly [
    string,
    TransportOptions,
    Readonly<Record<string, string>>,
  ])[] = [
    ['a listed proxy', { trustProxy: ['127.0.0.0/8'] }, SECURE],
    [
      'a listed proxy that writes Forwarded',
      { trustProxy: PROXY, forwardedHeader: 'forwarded' },
      { ...PLAIN, Forwarded: 'for=192.0.2.1;proto=https;host=app.example' },
    ],
  ]
  for (const [name, transport, headers] of accepted) {
    group.add(
      `${name} is believed that the client came by https`,
      async (site) => {
        const answer = await site.client(headers).do(['login ann'])
        assert.match(answer.setCookies[0] ?? '', /^__Host-session=.*; Secure;/)
      },
      { transport },
    )
  }

  group.add(
    'in development plain HTTP on loopback has a cookie of its own',
    async (site) => {
      const client = site.client(LOCAL)
      const answer = await client.do(['login ann'])
      const [line = ''] = answer.setCookies
      assert.match(line, /^session=[0-9A-Za-z-]+; Path=\/; HttpOnly; SameSite=Lax$/)
      assert.equal((await client.get(['me'])).body.includes('"ann"'), true)
      const token = client.jar.get('session') ?? ''
      // A token of one cookie is good for no other.
      assert.deepEqual(await client.subjectBy(token), { id: null, subject: null })
      assert.deepEqual((await client.do(['logout'])).setCookies, [
        `session=; Path=/; HttpOnly; SameSite=Lax; ${GONE}`,
      ])
    },
    { transport: { development: true } },
  )

  group.add('a client cannot choose its address', async (site) => {
    await site.client({ ...SECURE, 'X-Forwarded-For': '203.0.113.9' }).do(['login ann'])
    const [event] = site.events
    assert.equal(event?.client?.address, '203.0.113.0/24')
    site.events.splice(0)
    const chain = '203.0.113.9, 198.51.100.7'
    await site.client({ ...SECURE, 'X-Forwarded-For': chain }).do(['login ann'])
    assert.equal(site.events[0]?.client?.address, '198.51.100.0/24')
  })
}

function channelCases(group: Group): void {
  group.add('a token is taken from the cookie and from nowhere else', async (site) => {
    const token = (await site.signedIn()).token ?? ''
    const before = site.store.calls()
    await nowhere(site, token)
    const names = [COOKIE, 'session', 'token', 'access_token', 'sid', 'PHPSESSID', 'connect.sid']
    for (const name of names) {
      const path = `/json?${name}=${token}`
      assert.equal((await site.client().get(['me'], { path })).body.includes('"ann"'), false)
      const answer = await site.client().do(['me'], {
        body: `${name}=${token}`,
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      })
      assert.equal(answer.body.includes('"ann"'), false)
    }
    const path = `/json;jsessionid=${token}`
    assert.equal((await site.client().get(['me'], { path })).body.includes('"ann"'), false)
    const headers = { Authorization: `Bearer ${token}` }
    assert.equal((await site.client().get(['me'], { headers })).body.includes('"ann"'), false)
    assert.equal(site.store.calls(), before)
  })

  group.add(
    'a bearer token is taken where that is enabled, after the cookie',
    async (site) => {
      const token = (await site.signedIn()).token ?? ''
      await nowhere(site, token)
      const bearer = { Authorization: `Bearer ${token}` }
      assert.deepEqual(
        (await site.client().get(['me'], { headers: bearer })).body.includes('"ann"'),
        true,
      )
      const bob = await site.signedIn('bob')
      assert.equal((await bob.get(['me'], { headers: bearer })).body.includes('"bob"'), true)
      for (const value of [`Bearer ${token}x`, `Bearer  `, `Bearer ${token} ${token}`]) {
        const headers = { Authorization: value }
        assert.equal((await site.client().get(['me'], { headers })).body.includes('"ann"'), false)
      }
      const twice = { Authorization: [`Bearer ${token}`, `Bearer ${token}`] }
      assert.equal(
        (await site.client().get(['me'], { headers: twice })).body.includes('"ann"'),
        false,
      )
      const basic = { Authorization: `Basic ${token}` }
      assert.equal(
        (await site.client().get(['me'], { headers: basic })).body.includes('"ann"'),
        false,
      )
    },
    { transport: { trustProxy: PROXY, bearer: true } },
  )
}

async function nowhere(site: Site, token: string): Promise<void> {
  const names = ['X-Session', 'X-Auth-Token', 'X-Session-Token', 'Set-Cookie', 'Cookie2', 'Session']
  for (const name of names) {
    for (const value of [token, `${COOKIE}=${token}`]) {
      const answer = await site.client().get(['me'], { headers: { [name]: value } })
      assert.equal(answer.body.includes('"ann"'), false, name)
    }
  }
}
