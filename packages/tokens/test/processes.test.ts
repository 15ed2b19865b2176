import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { before, test, after } from 'node:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSessions, type Sessions } from '@holdfast/core'
import { lmdbStore } from '@holdfast/lmdb'
import {
  createKeySet,
  createTokens,
  exportSigningKey,
  generateSigningKey,
  singleUseTokens,
  type Tokens,
} from '@holdfast/tokens'
import { API_URL, type Order, type Setup } from './support/orders.js'
import { athOf, makeProof } from './support/proofs.js'

const PROCESSES = 3
const TOKEN_URL = 'https://id.example/auth/token'
const folder = mkdtempSync(join(process.env['HOLDFAST_TEST_TMP'] ?? tmpdir(), 'tokens-'))
const signing = generateSigningKey()
const setup: Setup = {
  folder: join(folder, 'data'),
  key: randomBytes(32).toString('base64url'),
  signingKey: exportSigningKey(signing),
}
const children: ChildProcess[] = []
let sessions: Sessions
let tokens: Tokens

before(async () => {
  sessions = createSessions({
    store: lmdbStore(setup.folder),
    keys: [setup.key],
    storeTimeout: 60_000,
  })
  tokens = createTokens(sessions, {
    issuer: 'https://id.example',
    audience: 'https://api.example',
    keys: createKeySet([signing]),
    clients: [{ id: 'app', type: 'native' }],
  })
  for (let n = 0; n < PROCESSES; n++) {
    const file = new URL('./support/token-process.js', import.meta.url)
    const child = fork(file, [JSON.stringify(setup)], { execArgv: [] })
    children.push(child)
    await once(child, 'message')
  }
})

after(async () => {
  for (const child of children) child.kill('SIGKILL')
  await sessions.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Every process does it, at once. */
async function everywhere(order: Order): Promise<readonly string[]> {
  const answers = children.map(async (child) => {
    child.send(order)
    const [done]: unknown[] = await once(child, 'message')
    return Array.isArray(done) ? done.map(String) : []
  })
  return (await Promise.all(answers)).flat()
}

test('51 redemptions of one token in three processes at once: exactly one succeeds', async () => {
  const links = singleUseTokens(sessions, { purpose: 'email', lifetime: 60_000 })
  for (let round = 0; round < 20; round++) {
    const { token } = await links.issue({ subject: 'ada' })
    const done = await everywhere({ do: 'redeem', token, times: 17 })
    assert.deepEqual([done.length, done.filter((each) => each === 'redeemed').length], [51, 1])
  }
})

test('a DPoP proof that comes to three processes at once is good in one of them, once', async () => {
  const now = Math.floor(Date.now() / 1000)
  const proof = (htu: string, jti: string, more = {}): string =>
    makeProof({
      payload: { htm: 'POST', htu, iat: now, jti, nonce: tokens.nonces.issue(), ...more },
    })
  const dpop = { header: proof(TOKEN_URL, 'first-of-all-proofs'), method: 'POST', url: TOKEN_URL }
  const { accessToken } = await tokens.signIn({ subject: 'ada', client: 'app', dpop })
  for (let round = 0; round < 10; round++) {
    const header = proof(API_URL, `proof-number-${1000 + round}`, { ath: athOf(accessToken) })
    const done = await everywhere({ do: 'verify', token: accessToken, proof: header, times: 4 })
    const replayed = done.filter((each) => each === 'ERR_TOKEN_DPOP_INVALID proof_replayed')
    assert.deepEqual([done.filter((each) => each === 'ok').length, replayed.length], [1, 11])
  }
})

test('60 presenters of one refresh token in three processes get one successor; a revocation ends it in all', async () => {
  const given = await tokens.signIn({ subject: 'ada', client: 'app' })
  let token = given.refreshToken
  for (let round = 0; round < 10; round++) {
    const successors = new Set(await everywhere({ do: 'refresh', token, times: 20 }))
    assert.equal(successors.size, 1)
    const [successor = ''] = successors
    assert.notEqual(successor, token)
    token = successor
  }
  assert.deepEqual(
    new Set(await everywhere({ do: 'verify', token: given.accessToken, proof: null, times: 3 })),
    new Set(['ok']),
  )
  await sessions.revokeAll('ada')
  const checked = await everywhere({
    do: 'verify',
    token: given.accessToken,
    proof: null,
    times: 3,
  })
  assert.deepEqual(new Set(checked), new Set(['ERR_TOKEN_INVALID revoked']))
  const renewed = await everywhere({ do: 'refresh', token, times: 3 })
  assert.deepEqual(new Set(renewed), new Set(['ERR_TOKEN_INVALID revoked']))
})
