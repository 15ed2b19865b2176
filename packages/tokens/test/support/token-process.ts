/** A process of its own on a store that others use: does what it is told with tokens, and says what came of it. */
import { createSessions } from '@holdfast/core'
import { lmdbStore } from '@holdfast/lmdb'
import { createKeySet, createTokens, importSigningKey, singleUseTokens } from '@holdfast/tokens'
import { outcome } from './outcome.js'
import { API_URL, type Order, type Setup } from './orders.js'

const setup: Setup = JSON.parse(process.argv[2] ?? '{}')
const sessions = createSessions({
  store: lmdbStore(setup.folder),
  keys: [setup.key],
  storeTimeout: 60_000,
})
const tokens = createTokens(sessions, {
  issuer: 'https://id.example',
  audience: 'https://api.example',
  keys: createKeySet([importSigningKey(setup.signingKey)]),
  clients: [{ id: 'app', type: 'native' }],
})
const links = singleUseTokens(sessions, { purpose: 'email', lifetime: 60_000 })

process.on('message', (order: Order) => void obey(order).then((done) => process.send?.(done)))
process.on('disconnect', () => void sessions.close())
process.send?.('ready')

async function obey(order: Order): Promise<readonly string[]> {
  const all = Array.from({ length: order.times }, () => once(order))
  return Promise.all(all)
}

async function once(order: Order): Promise<string> {
  switch (order.do) {
    case 'redeem':
      return (await links.redeem(order.token)) === null ? 'null' : 'redeemed'
    case 'verify': {
      const dpop =
        order.proof === null ? undefined : { header: order.proof, method: 'POST', url: API_URL }
      return outcome(() => tokens.verify(order.token, dpop))
    }
    case 'refresh': {
      const given: string[] = []
      const failed = await outcome(async () => {
        given.push((await tokens.refresh(order.token, { client: 'app' })).refreshToken)
      })
      return given[0] ?? failed
    }
  }
}
