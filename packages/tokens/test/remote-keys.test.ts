import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import {
  createKeySet,
  createResourceServer,
  remoteKeys,
  TokenError,
  type RemoteKeysOptions,
} from '@holdfast/tokens'
import { Issuer, json, METADATA, serve, type Answer } from './support/issuer.js'
import { accessToken, AUDIENCE, ISSUER, keys, keySet, NOW } from './support/tokens.js'

const { kid } = keys.EdDSA

async function start(t: TestContext, published: unknown = keySet.jwks()): Promise<Issuer> {
  const issuer = await Issuer.start(published)
  t.after(() => issuer.stop())
  return issuer
}

interface Clock {
  now: number
}

function open(
  issuer: Issuer,
  more: Partial<RemoteKeysOptions> = {},
): ReturnType<typeof remoteKeys> {
  return remoteKeys({ issuer: issuer.origin, ...more })
}

const unavailable = (error: unknown): boolean =>
  error instanceof TokenError && error.code === 'ERR_TOKEN_KEYS_UNAVAILABLE' && error.status === 503

test('keys are found through the metadata of the issuer, which is asked once', async (t) => {
  const issuer = await start(t)
  const remote = open(issuer)
  assert.equal(issuer.requests.length, 0)
  await remote.ready()
  for (const key of Object.values(keys)) {
    const found = remote.find(key.kid)
    assert.equal(found?.alg, key.alg)
    assert.ok(found?.publicKey.equals(key.publicKey))
  }
  assert.equal(remote.ready(), undefined)
  assert.deepEqual(issuer.requests, [METADATA, '/keys'])
})

test('an issuer with a path has its metadata where RFC 8414 has it, and keys may be named directly', async (t) => {
  const issuer = await start(t)
  const name = `${issuer.origin}/tenant/7`
  issuer.answers.set(
    `${METADATA}/tenant/7`,
    json({ issuer: name, jwks_uri: `${issuer.origin}/keys` }),
  )
  const byPath = remoteKeys({ issuer: name })
  const direct = remoteKeys({ jwksUri: `${issuer.origin}/keys` })
  await Promise.all([byPath.ready(), direct.ready()])
  for (const remote of [byPath, direct]) assert.ok(remote.find(kid))
})

test('a hundred requests at once cause one fetch', async (t) => {
  const issuer = await start(t)
  const remote = open(issuer)
  await Promise.all(Array.from({ length: 100 }, async () => remote.ready()))
  await Promise.all(Array.from({ length: 100 }, () => remote.refresh()))
  assert.equal(issuer.fetches, 1)
})

test('after the interval keys are fetched before they are used: one that was taken away is not believed once more', async (t) => {
  const issuer = await start(t)
  const clock: Clock = { now: NOW * 1000 }
  const remote = open(issuer, { now: () => clock.now, refreshInterval: 60_000 })
  await remote.ready()
  const before = remote.find(kid)
  issuer.publish(createKeySet([keys.EdDSA]).jwks())
  clock.now += 60_000
  await remote.ready()
  assert.equal(remote.find(keys.RS256.kid), undefined)
  assert.equal(remote.find(kid), before, 'a key that stays is the same object')
  assert.equal(issuer.fetches, 2)
})

test('a compromised key of the issuer is refused after the interval, however idle the resource server was', async (t) => {
  const clock: Clock = { now: NOW * 1000 }
  const now = (): number => clock.now
  const issuer = await start(t)
  const remote = open(issuer, { now, refreshInterval: 300_000 })
  const api = createResourceServer({ issuer: ISSUER, audience: AUDIENCE, keys: remote, now })
  const ask = (): Promise<unknown> => {
    const iat = clock.now / 1000
    const authorization = `Bearer ${accessToken(keys.EdDSA, { iat, exp: iat + 300 })}`
    return api.verify({ method: 'GET', url: null, authorization, dpop: undefined })
  }
  await ask()
  issuer.publish(createKeySet([keys.RS256]).jwks())
  clock.now += 50 * 60_000
  await assert.rejects(ask(), { code: 'ERR_TOKEN_INVALID', reason: 'unknown_key' })
})

test('requests do not wait for an issuer that is known to be down, and wait again after a while', async (t) => {
  const issuer = await start(t)
  const clock: Clock = { now: NOW * 1000 }
  const errors: unknown[] = []
  const options = { refreshInterval: 60_000, timeout: 50, now: () => clock.now }
  const remote = open(issuer, { ...options, onError: (error) => errors.push(error) })
  await remote.ready()
  issuer.answers.set('/keys', () => undefined)
  clock.now += 60_000
  await remote.ready()
  assert.equal(errors.length, 1)
  for (const wait of [0, 500, 9000]) {
    clock.now += wait
    assert.equal(remote.ready(), undefined)
  }
  while (errors.length < 2) await pause(5)
  issuer.publish(createKeySet([keys.EdDSA]).jwks())
  clock.now += 10_000
  await remote.ready()
  assert.equal(remote.find(keys.RS256.kid), undefined)
})

test('a kid that is not known has the keys fetched, but not again and again', async (t) => {
  const issuer = await start(t, createKeySet([keys.RS256]).jwks())
  const clock: Clock = { now: NOW * 1000 }
  const remote = open(issuer, { now: () => clock.now, cooldown: 10_000 })
  await remote.ready()
  issuer.publish(keySet.jwks())
  clock.now += 9999
  for (let round = 0; round < 50; round++) assert.equal(await remote.refresh(), false)
  assert.equal(issuer.fetches, 1)
  clock.now += 1
  assert.equal(await remote.refresh(), true)
  assert.ok(remote.find(kid))
  assert.equal(await remote.refresh(), false)
  assert.equal(issuer.fetches, 2)
})

test('while the issuer is down known keys serve for as long as was allowed, then none', async (t) => {
  const issuer = await start(t)
  const clock: Clock = { now: NOW * 1000 }
  const errors: unknown[] = []
  const options = { refreshInterval: 60_000, maxStale: 600_000, now: () => clock.now }
  const remote = open(issuer, { ...options, onError: (error) => errors.push(error) })
  await remote.ready()
  issuer.answers.delete('/keys')
  clock.now += 599_999
  await remote.ready()
  while (errors.length === 0) await pause(5)
  assert.ok(remote.find(kid))
  clock.now += 500
  await assert.rejects(async () => remote.ready(), unavailable)
  assert.equal(errors.length, 2)
  issuer.publish(keySet.jwks())
  // Not at once: an issuer that is down is not asked by every request.
  await assert.rejects(async () => remote.ready(), unavailable)
  clock.now += 500
  await remote.ready()
  assert.equal(remote.ready(), undefined)
})

const refusals: Readonly<Record<string, (issuer: Issuer) => void>> = {
  'nobody is there': (issuer) => issuer.answers.clear(),
  'an error': (issuer) => {
    issuer.answers.set('/keys', (res) => {
      res.statusCode = 500
      res.end(JSON.stringify(keySet.jwks()))
    })
  },
  'no JSON': (issuer) => void issuer.answers.set('/keys', (res) => res.end('<html>')),
  'no list': (issuer) => issuer.publish({ keys: 'all' }),
  'no keys': (issuer) => issuer.publish({ keys: [] }),
  'no keys that can be used': (issuer) =>
    issuer.publish({ keys: [{ kty: 'oct', k: 'AA', kid: 'a' }, null, 5] }),
  'two keys of one kid': (issuer) => {
    const [first, second] = keySet.jwks().keys
    issuer.publish({ keys: [first, { ...second, kid: first?.['kid'] }] })
  },
  'metadata of another issuer': (issuer) => {
    issuer.answers.set(
      METADATA,
      json({ issuer: 'https://evil.example', jwks_uri: `${issuer.origin}/keys` }),
    )
  },
  'metadata with a slash more': (issuer) => {
    issuer.answers.set(
      METADATA,
      json({ issuer: `${issuer.origin}/`, jwks_uri: `${issuer.origin}/keys` }),
    )
  },
  'metadata without keys': (issuer) =>
    void issuer.answers.set(METADATA, json({ issuer: issuer.origin })),
  'keys over plain HTTP': (issuer) => {
    issuer.answers.set(
      METADATA,
      json({ issuer: issuer.origin, jwks_uri: 'http://keys.example/keys' }),
    )
  },
  'keys in a file': (issuer) => {
    issuer.answers.set(METADATA, json({ issuer: issuer.origin, jwks_uri: 'file:///etc/hosts' }))
  },
  'a connection that breaks': (issuer) => {
    issuer.answers.set('/keys', (res) => {
      res.write('{"keys":')
      res.destroy()
    })
  },
}

for (const [what, spoil] of Object.entries(refusals)) {
  test(`${what}: no key is taken, and the error says that the keys cannot be had`, async (t) => {
    const issuer = await start(t)
    spoil(issuer)
    const errors: unknown[] = []
    const remote = open(issuer, { onError: (error) => errors.push(error) })
    await assert.rejects(async () => remote.ready(), unavailable)
    assert.equal(errors.length, 1)
    assert.equal(remote.find(kid), undefined)
  })
}

test('a redirect is not followed, neither to another host nor on the same', async (t) => {
  let hits = 0
  const elsewhere = await serve((_, res) => {
    hits += 1
    res.end(JSON.stringify(keySet.jwks()))
  })
  t.after(() => elsewhere.close())
  const issuer = await start(t)
  for (const location of [`${elsewhere.origin}/keys`, '/real-keys']) {
    const redirect: Answer = (res) => {
      res.writeHead(302, { location })
      res.end()
    }
    issuer.answers.set('/keys', redirect)
    issuer.answers.set('/real-keys', json(keySet.jwks()))
    await assert.rejects(async () => open(issuer).ready(), unavailable)
  }
  assert.equal(hits, 0)
  assert.ok(!issuer.requests.includes('/real-keys'))
})

test('an answer without end is given up, by its size, also where it is packed, and by its time', async (t) => {
  const issuer = await start(t)
  const padded = JSON.stringify({ ...keySet.jwks(), padding: 'x'.repeat(70_000) })
  issuer.answers.set('/keys', (res) => res.end(padded))
  await assert.rejects(async () => open(issuer).ready(), unavailable)
  issuer.answers.set('/keys', (res) => {
    res.setHeader('content-encoding', 'gzip')
    res.end(gzipSync(JSON.stringify({ ...keySet.jwks(), padding: 'x'.repeat(50_000_000) })))
  })
  await assert.rejects(async () => open(issuer).ready(), unavailable)
  issuer.answers.set('/keys', (res) => void res.write('{'))
  const started = performance.now()
  await assert.rejects(async () => open(issuer, { timeout: 200 }).ready(), unavailable)
  assert.ok(performance.now() - started < 10_000)
})

test('keys for other uses and of other algorithms are passed over', async (t) => {
  const [first, second, third] = keySet.jwks().keys
  const issuer = await start(t, {
    keys: [
      { ...first, use: 'enc' },
      { ...second, alg: 'RS256' },
      { ...third, kid: 'by-name', use: undefined },
    ],
  })
  const remote = open(issuer)
  await remote.ready()
  assert.equal(remote.find(first?.['kid'] as string), undefined)
  assert.equal(remote.find(second?.['kid'] as string), undefined)
  assert.equal(remote.find('by-name')?.alg, 'RS256')
})

test('an address that others could answer is refused at the start, and so are options that contradict', () => {
  const make = (options: object) => (): unknown => remoteKeys(options)
  for (const issuer of [
    'http://id.example',
    'ftp://id.example',
    'id.example',
    'https://a@id.example',
    'http://localhost.evil.example',
  ])
    assert.throws(make({ issuer }), /must be an https URL|is no URL/)
  assert.throws(make({ issuer: 'https://id.example/?a=1' }), /no query/)
  assert.throws(make({}), /either issuer or jwksUri/)
  assert.throws(make({ issuer: 'https://a.example', jwksUri: 'https://a.example' }), /either/)
  assert.throws(make({ issuer: 'https://a.example', timout: 5 }), /unknown option 'timout'/)
  assert.throws(make({ jwksUri: 'https://a.example', timeout: 0 }), /timeout must be/)
})
