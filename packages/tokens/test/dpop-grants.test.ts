import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  generateSigningKey,
  type PresentedProof,
  type SigningKey,
  type TokenSet,
} from '@holdfast/tokens'
import { memoryStore } from '@holdfast/memory'
import { athOf, makeProof } from './support/proofs.js'
import { MINUTE, outcome, World } from './support/world.js'
import { Browser, post, said } from './support/web.js'

const TOKEN_URL = 'https://id.example/auth/token'
const ISSUE_URL = 'https://id.example/auth/issue'
const API_URL = 'https://api.example/orders'
const thief: SigningKey = generateSigningKey('ES256')
const INVALID_PROOF = 'ERR_TOKEN_DPOP_INVALID'
let count = 0

/** A fresh proof for a world's present moment. */
function proofFor(
  world: World,
  url: string,
  more: Record<string, unknown> = {},
  key?: SigningKey,
): PresentedProof {
  count += 1
  const jti = `proof-${String(count).padStart(16, '0')}`
  const nonce = world.tokens.nonces.issue()
  const payload = { htm: 'POST', htu: url, iat: Math.floor(world.now / 1000), jti, nonce, ...more }
  return {
    header: makeProof({ payload, ...(key === undefined ? {} : { key }) }),
    method: 'POST',
    url,
  }
}

/** A world whose records that are inserted are counted. */
function counting(): { readonly world: World; readonly inserts: () => number } {
  let inserts = 0
  const store = memoryStore()
  const insert = store.insert.bind(store)
  store.insert = (record, admission) => {
    inserts += 1
    return insert(record, admission)
  }
  return { world: new World({ sessions: { store } }), inserts: () => inserts }
}

async function bound(world: World): Promise<TokenSet> {
  return world.tokens.signIn({ subject: 'ada', client: 'bound', dpop: proofFor(world, TOKEN_URL) })
}

test('tokens that were issued with a proof are bound to its key, and say so', async () => {
  const world = new World()
  const given = await bound(world)
  assert.equal(given.tokenType, 'DPoP')
  const claims: unknown = JSON.parse(
    Buffer.from(given.accessToken.split('.')[1] ?? '', 'base64url').toString(),
  )
  assert.match(JSON.stringify(claims), /"cnf":\{"jkt":"[\w-]{43}"\}/)
})

test('a client that must bind its tokens gets none without a proof, and renews none', async () => {
  const world = new World()
  assert.equal(await outcome(() => world.signIn('bound')), `${INVALID_PROOF} proof_missing`)
  const given = await bound(world)
  const without = world.tokens.refresh(given.refreshToken, { client: 'bound' })
  assert.equal(await outcome(() => without), `${INVALID_PROOF} proof_missing`)
})

test('a stolen refresh token is nothing without the key: the thief’s proof is refused, and harms nobody', async () => {
  const world = new World()
  const given = await bound(world)
  const dpop = proofFor(world, TOKEN_URL, {}, thief)
  const stolen = world.tokens.refresh(given.refreshToken, { client: 'bound', dpop })
  assert.equal(await outcome(() => stolen), 'ERR_TOKEN_INVALID proof_binding')
  const own = { client: 'bound', dpop: proofFor(world, TOKEN_URL) }
  assert.equal((await world.tokens.refresh(given.refreshToken, own)).tokenType, 'DPoP')
})

test('a client that may bind its tokens and once did cannot be made to do without', async () => {
  const world = new World()
  const given = await world.tokens.signIn({
    subject: 'ada',
    client: 'app',
    dpop: proofFor(world, TOKEN_URL),
  })
  const bare = world.tokens.refresh(given.refreshToken, { client: 'app' })
  assert.equal(await outcome(() => bare), 'ERR_TOKEN_INVALID proof_binding')
})

test('an access token that is bound needs a proof of its key for this request and this token', async () => {
  const world = new World()
  const { accessToken } = await bound(world)
  const ath = athOf(accessToken)
  const check = (dpop?: PresentedProof): Promise<string> =>
    outcome(() => world.tokens.verify(accessToken, dpop))
  assert.equal(await check(), `${INVALID_PROOF} proof_missing`)
  assert.equal(await check(proofFor(world, API_URL, { ath })), 'ok')
  assert.equal(await check(proofFor(world, API_URL)), `${INVALID_PROOF} proof_token`)
  assert.equal(
    await check(proofFor(world, API_URL, { ath: athOf('x') })),
    `${INVALID_PROOF} proof_token`,
  )
  assert.equal(
    await check(proofFor(world, API_URL, { ath }, thief)),
    `${INVALID_PROOF} proof_binding`,
  )
  assert.equal(
    await check({ ...proofFor(world, API_URL, { ath }), method: 'GET' }),
    `${INVALID_PROOF} proof_method`,
  )
  assert.equal(
    await check({ ...proofFor(world, API_URL, { ath }), url: TOKEN_URL }),
    `${INVALID_PROOF} proof_url`,
  )
})

test('a proof is good once: at a check, at a refresh, at an issue, and for another endpoint of the same URL', async () => {
  const world = new World()
  const given = await bound(world)
  const ath = athOf(given.accessToken)
  const proof = proofFor(world, API_URL, { ath })
  await world.tokens.verify(given.accessToken, proof)
  assert.equal(
    await outcome(() => world.tokens.verify(given.accessToken, proof)),
    `${INVALID_PROOF} proof_replayed`,
  )
  const dpop = proofFor(world, TOKEN_URL)
  await world.tokens.refresh(given.refreshToken, { client: 'bound', dpop })
  const again = world.tokens.refresh(given.refreshToken, { client: 'bound', dpop })
  assert.equal(await outcome(() => again), `${INVALID_PROOF} proof_replayed`)
  const sign = world.tokens.signIn({ subject: 'ada', client: 'bound', dpop })
  assert.equal(await outcome(() => sign), `${INVALID_PROOF} proof_replayed`)
})

test('another process on the store knows the proof, too', async () => {
  const world = new World()
  const other = new World({ sessions: { store: world.store } })
  const { accessToken } = await bound(world)
  const proof = proofFor(world, API_URL, { ath: athOf(accessToken) })
  await world.tokens.verify(accessToken, proof)
  assert.equal(
    await outcome(() => other.tokens.verify(accessToken, proof)),
    `${INVALID_PROOF} proof_replayed`,
  )
})

test('proofs without a good token cost no store call, however many come', async () => {
  const { world, inserts } = counting()
  const given = await bound(world)
  const before = inserts()
  for (let n = 0; n < 50; n++) {
    const dpop = proofFor(world, TOKEN_URL)
    await outcome(() => world.tokens.refresh(`${given.refreshToken}x`, { client: 'bound', dpop }))
    await outcome(() => world.tokens.verify(`${given.accessToken}x`, dpop))
  }
  assert.equal(inserts(), before)
})

test('nothing is written for the proofs of a token whose session or grant is over', async () => {
  const { world, inserts } = counting()
  const tokens = {
    ended: await bound(world),
    revoked: await bound(world),
    stolen: await bound(world),
  }
  await world.sessions.revoke(tokens.ended.sessionId)
  await world.tokens.revoke(tokens.revoked.refreshToken, { client: 'bound' })
  const before = inserts()
  for (const [name, { refreshToken, accessToken }] of Object.entries(tokens)) {
    const key = name === 'stolen' ? thief : undefined
    for (let n = 0; n < 10; n++) {
      const dpop = proofFor(world, TOKEN_URL, {}, key)
      const refused = await outcome(() =>
        world.tokens.refresh(refreshToken, { client: 'bound', dpop }),
      )
      assert.match(refused, /^ERR_TOKEN_INVALID /, name)
      const shown = proofFor(world, API_URL, { ath: athOf(accessToken) }, key)
      assert.match(
        await outcome(() => world.tokens.verify(accessToken, shown)),
        /^ERR_TOKEN_/,
        name,
      )
    }
  }
  assert.equal(inserts(), before)
})

test('the first proof at a renewal binds what was not bound: from then on the key is needed, for older tokens too', async () => {
  for (const again of [false, true]) {
    const world = new World()
    const given = await world.tokens.signIn({ subject: 'ada', client: 'app' })
    // With `again` the token was replaced before, its successor never used.
    if (again) await world.tokens.refresh(given.refreshToken, { client: 'app' })
    const dpop = proofFor(world, TOKEN_URL)
    const next = await world.tokens.refresh(given.refreshToken, { client: 'app', dpop })
    assert.equal(next.tokenType, 'DPoP')
    const bare = world.tokens.refresh(next.refreshToken, { client: 'app' })
    assert.equal(await outcome(() => bare), 'ERR_TOKEN_INVALID proof_binding')
    const stolen = { client: 'app', dpop: proofFor(world, TOKEN_URL, {}, thief) }
    assert.equal(
      await outcome(() => world.tokens.refresh(next.refreshToken, stolen)),
      'ERR_TOKEN_INVALID proof_binding',
    )
    const own = { client: 'app', dpop: proofFor(world, TOKEN_URL) }
    assert.equal((await world.tokens.refresh(next.refreshToken, own)).tokenType, 'DPoP')
  }
})

test('a thief who binds a stolen token to a key of their own is found out when the owner renews', async () => {
  for (const owner of ['without a key', 'with a key']) {
    const world = new World()
    const { refreshToken, sessionId } = await world.tokens.signIn({ subject: 'ada', client: 'app' })
    const dpop = proofFor(world, TOKEN_URL, {}, thief)
    const stolen = await world.tokens.refresh(refreshToken, { client: 'app', dpop })
    const proof = owner === 'with a key' ? { dpop: proofFor(world, TOKEN_URL) } : {}
    const renewal = world.tokens.refresh(refreshToken, { client: 'app', ...proof })
    assert.equal(await outcome(() => renewal), 'ERR_TOKEN_INVALID token_reuse', owner)
    assert.equal((await world.record(sessionId)).reason, 'token_reuse')
    const shown = proofFor(world, API_URL, { ath: athOf(stolen.accessToken) }, thief)
    const used = await outcome(() => world.tokens.verify(stolen.accessToken, shown))
    assert.equal(used, 'ERR_TOKEN_INVALID revoked')
  }
})

test('at the endpoints: a nonce is asked for, given, and good; the proof names the endpoint’s own URL', async () => {
  const world = new World()
  const given = await bound(world)
  const fields = {
    grant_type: 'refresh_token',
    client_id: 'bound',
    refresh_token: given.refreshToken,
  }
  const send = (url: string, more = {}): ReturnType<typeof post> =>
    post(world, '/auth/token', fields, { dpop: String(proofFor(world, url, more).header) })
  const first = await send(TOKEN_URL, { nonce: undefined })
  assert.equal(said(first), '400 use_dpop_nonce')
  const nonce = first.headers.get('dpop-nonce')
  assert.match(nonce ?? '', /^[0-9a-z]+\./)
  assert.equal(said(await send(TOKEN_URL, { nonce: 'made-up' })), '400 use_dpop_nonce')
  assert.equal(said(await send(ISSUE_URL, { nonce })), '400 invalid_dpop_proof')
  const good = await send(TOKEN_URL, { nonce })
  assert.deepEqual(
    [good.status, good.body['token_type'], good.headers.get('dpop-nonce')],
    [200, 'DPoP', nonce],
  )
  world.now += 5 * MINUTE
  assert.equal(said(await send(TOKEN_URL, { nonce })), '400 use_dpop_nonce')
})

test('a page binds its tokens at the issue endpoint, and two proofs in one request are none', async () => {
  const world = new World()
  const browser = await new Browser(world).signIn()
  const header = (url: string): string => String(proofFor(world, url).header)
  const twice = await browser.issue(
    { client_id: 'spa' },
    { dpop: `${header(ISSUE_URL)}, ${header(ISSUE_URL)}` },
  )
  assert.equal(said(twice), '400 invalid_dpop_proof')
  const { body } = await browser.issue({ client_id: 'spa' }, { dpop: header(ISSUE_URL) })
  assert.equal(body['token_type'], 'DPoP')
  assert.equal(said(await browser.refresh()), '400 invalid_grant')
  assert.equal(said(await browser.refresh({}, { dpop: header(TOKEN_URL) })), '200')
})

test('without dpopNonce none is asked for, and none is given', async () => {
  const world = new World({ tokens: { dpopNonce: false } })
  const dpop = proofFor(world, TOKEN_URL, { nonce: undefined })
  const given = await world.tokens.signIn({ subject: 'ada', client: 'bound', dpop })
  const fields = {
    grant_type: 'refresh_token',
    client_id: 'bound',
    refresh_token: given.refreshToken,
  }
  const header = String(proofFor(world, TOKEN_URL, { nonce: undefined }).header)
  const reply = await post(world, '/auth/token', fields, { dpop: header })
  assert.deepEqual([reply.status, reply.headers.get('dpop-nonce')], [200, null])
})
