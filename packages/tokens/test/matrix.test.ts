import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineOf } from '@holdfast/core/engine'
import {
  createKeySet,
  generateSigningKey,
  signAccessToken,
  singleUseTokens,
  TokenError,
  verifyProof,
} from '@holdfast/tokens'
import { athOf, makeProof } from './support/proofs.js'
import { forge } from './support/tokens.js'
import { HOUR, World } from './support/world.js'

const API_URL = 'https://api.example/orders'
const signing = generateSigningKey()

/** One world with one token of each kind. */
class Site {
  readonly world = new World({
    tokens: { keys: createKeySet([signing]), dpopNonce: false },
  })
  readonly email = singleUseTokens(this.world.sessions, { purpose: 'email', lifetime: HOUR })
  readonly reset = singleUseTokens(this.world.sessions, { purpose: 'reset', lifetime: HOUR })
  readonly kinds = new Map<string, string>()
  session: Awaited<ReturnType<World['visitor']>>['session'] | null = null

  static async build(): Promise<Site> {
    const site = new Site()
    await site.#fill()
    return site
  }

  async #fill(): Promise<void> {
    const { world, kinds } = this
    const { session, cookie } = await world.visitor()
    this.session = session
    const spa = await world.tokens.issue(session, { client: 'spa' })
    const app = await world.tokens.issue(session, { client: 'app' })
    const server = await world.tokens.issue(session, { client: 'server' })
    kinds.set('session', cookie)
    kinds.set('session of another cookie', (await world.visitor('ada', {}, '__Host-other')).cookie)
    kinds.set('refresh of spa', spa.refreshToken)
    kinds.set('refresh of app', app.refreshToken)
    kinds.set('refresh of server', server.refreshToken)
    kinds.set('access', app.accessToken)
    kinds.set('single use: email', (await this.email.issue({ subject: 'ada' })).token)
    kinds.set('single use: reset', (await this.reset.issue({ subject: 'ada' })).token)
    kinds.set('csrf', session.csrfToken())
    kinds.set('nonce', world.tokens.nonces.issue())
    const iat = Math.floor(world.now / 1000)
    const proof = { htm: 'POST', htu: API_URL, iat, jti: 'proof-0123456789abcdef', ath: athOf('x') }
    kinds.set('proof', makeProof({ payload: proof }))
    const claims = await world.tokens.verify(app.accessToken)
    for (const typ of ['JWT', 'logout+jwt', 'secevent+jwt', 'dpop+jwt', 'st+jwt'])
      kinds.set(`our own ${typ}`, forge({ key: signing, header: { typ }, payload: { ...claims } }))
    const other = { ...claims, aud: 'https://other.example' }
    kinds.set('access for another audience', signAccessToken(signing, other))
    const raw = engineOf(world.sessions).keys
    const [id = '', verifier = ''] = cookie.split('-')
    kinds.set(
      'session id and verifier under the kind of another',
      raw.tokenKeys('once', 'x').issue(id, verifier),
    )
  }

  /** Who takes what: true if it was honoured. */
  readonly consumers: ReadonlyMap<string, (token: string) => unknown> = new Map(
    Object.entries({
      session: async (token: string) =>
        (await this.world.sessions.resolve(token)).status === 'active',
      'refresh of spa': (token: string) => this.#refreshes(token, 'spa'),
      'refresh of app': (token: string) => this.#refreshes(token, 'app'),
      'refresh of server': (token: string) => this.#refreshes(token, 'server'),
      access: (token: string) => refuses(() => this.world.tokens.verify(token)),
      'single use: email': async (token: string) => (await this.email.redeem(token)) !== null,
      'single use: reset': async (token: string) => (await this.reset.redeem(token)) !== null,
      csrf: (token: string) => this.session?.verifyCsrfToken(token),
      nonce: (token: string) => this.world.tokens.nonces.accepts(token),
      proof: (token: string) =>
        refuses(() => verifyProof(token, { method: 'POST', url: API_URL, now: this.world.now })),
    }),
  )

  #refreshes(token: string, client: string): Promise<boolean> {
    return refuses(() => this.world.tokens.refresh(token, { client }))
  }
}

async function refuses(call: () => unknown): Promise<boolean> {
  try {
    await call()
    return true
  } catch (error) {
    if (error instanceof TokenError) return false
    throw error
  }
}

const first = await Site.build()

for (const consumer of first.consumers.keys()) {
  test(`of every kind of token, what takes ${consumer} takes that alone`, async () => {
    const taken: string[] = []
    for (const kind of first.kinds.keys()) {
      const site = await Site.build()
      const token = site.kinds.get(kind) ?? ''
      if ((await site.consumers.get(consumer)?.(token)) === true) taken.push(kind)
      // Refused or not, it has ended nothing.
      const record = await site.world.sessions.get(site.session?.id ?? '')
      assert.equal(record?.revokedAt, null, kind)
    }
    assert.deepEqual(taken, [consumer])
  })
}

test('introspection knows access tokens and the caller’s own refresh tokens, and nothing else', async () => {
  const active: string[] = []
  for (const [kind, token] of first.kinds) {
    const said = await first.world.tokens.introspect(token, { client: 'server' })
    if (said.active) active.push(kind)
    else assert.deepEqual(said, { active: false })
  }
  assert.deepEqual(active, ['refresh of server', 'access'])
})

test('revocation takes the client’s own refresh and access tokens, and nothing else', async () => {
  const ended: string[] = []
  for (const kind of first.kinds.keys()) {
    const site = await Site.build()
    await site.world.tokens.revoke(site.kinds.get(kind) ?? '', { client: 'app' })
    if (!(await refuses(() => site.world.tokens.verify(site.kinds.get('access') ?? ''))))
      ended.push(kind)
    assert.equal(
      (await site.world.sessions.resolve(site.kinds.get('session') ?? '')).status,
      'active',
    )
  }
  assert.deepEqual(ended, ['refresh of app', 'access'])
})
