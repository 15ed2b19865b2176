import assert from 'node:assert/strict'
import type { CaseDefinition } from '../definition.js'
import { MINUTE, START } from '../records.js'
import { handsAt } from '../races/site.js'
import { shared } from '../races/scheduled-store.js'
import { CLIENT, outcomeOf, recordOf, settledOutcomeOf, TokenSite } from './site.js'

const GONE = 'ERR_TOKEN_INVALID grant_gone'
const REVOKED = 'ERR_TOKEN_INVALID revoked'

/** What a client sees, one call after the other. */
export const grantCases: readonly CaseDefinition[] = [
  {
    name: 'tokens: a client’s tokens work in every process, are renewed, and end with its grant',
    contract:
      'A refresh token belongs to a grant of a session; removing the grant ends its access tokens too (RFC 7009 §2.1).',
    async run({ store }) {
      const hands = handsAt()
      const [one, two] = [new TokenSite(shared(store), hands), new TokenSite(shared(store), hands)]
      const { cookie, given } = await one.issue('ada')
      assert.equal((await two.tokens.verify(given.accessToken)).sub, 'ada')
      hands.now += 5 * MINUTE
      const next = await two.refresh(given.refreshToken)
      assert.equal((await one.refresh(given.refreshToken)).refreshToken, next.refreshToken)
      assert.equal(await one.tokens.revoke(next.refreshToken, { client: CLIENT }), 'done')
      for (const site of [one, two]) {
        assert.equal(await settledOutcomeOf(() => site.tokens.verify(next.accessToken)), GONE)
        assert.equal(await outcomeOf(() => site.refresh(next.refreshToken)), GONE)
        assert.equal(await site.isActive(cookie), true)
      }
      await Promise.all([one.close(), two.close()])
    },
  },
  {
    name: 'tokens: the end of a session, its subject or everyone ends every grant, in every process',
    contract: 'Revoking the session, its subject or everyone ends every grant with it.',
    async run({ store }) {
      const hands = handsAt()
      const [one, two] = [new TokenSite(shared(store), hands), new TokenSite(shared(store), hands)]
      const endings = [
        (id: string) => one.sessions.revoke(id),
        () => one.sessions.revokeAll('ada'),
        () => one.sessions.revokeEveryone(),
      ]
      for (const end of endings) {
        const { given } = await one.issue('ada')
        await two.tokens.verify(given.accessToken)
        await end(given.sessionId)
        for (const site of [one, two]) {
          assert.equal(await outcomeOf(() => site.refresh(given.refreshToken)), REVOKED)
          assert.equal(await settledOutcomeOf(() => site.tokens.verify(given.accessToken)), REVOKED)
        }
      }
      await Promise.all([one.close(), two.close()])
    },
  },
  {
    name: 'tokens: a replaced refresh token after its grace ends the session in that request',
    contract:
      'Reuse after the grace ends the session with reason token_reuse in that request (RFC 9700 §4.14.2).',
    async run({ store }) {
      const hands = handsAt()
      const site = new TokenSite(shared(store), hands)
      const { cookie, given } = await site.issue('ada')
      const second = await site.refresh(given.refreshToken)
      const third = await site.refresh(second.refreshToken)
      hands.now += 10_001
      assert.equal(
        await outcomeOf(() => site.refresh(given.refreshToken)),
        'ERR_TOKEN_INVALID token_reuse',
      )
      const { reason, revokedAt } = await recordOf(store, given.sessionId)
      assert.deepEqual([reason, revokedAt], ['token_reuse', START + 10_001])
      assert.equal(await outcomeOf(() => site.tokens.verify(third.accessToken)), REVOKED)
      assert.equal(await site.isActive(cookie), false)
      await site.close()
    },
  },
  {
    name: 'tokens: grants that are issued at once on one session are all there, up to sixteen',
    contract:
      'Issuing loses no grant to another, and keeps at most 16 of a session; the least recently used goes.',
    async run({ store }) {
      const hands = handsAt()
      const sites = [0, 1].map(() => new TokenSite(shared(store), hands))
      const [home] = sites
      if (home === undefined) return assert.fail()
      const { cookie, given } = await home.issue('ada')
      const issued: string[] = []
      const more = Array.from({ length: 20 }, (_, n) =>
        (sites[n % 2] ?? home).with(cookie, async (session) => {
          const each = await (sites[n % 2] ?? home).tokens.issue(session, { client: CLIENT })
          issued.push(each.grantId)
        }),
      )
      await Promise.all(more)
      assert.equal(new Set(issued).size, 20)
      assert.equal((await recordOf(store, given.sessionId)).data.size, 16)
      await Promise.all(sites.map((site) => site.close()))
    },
  },
  {
    name: 'tokens: renewal beside data writes of the same session loses none of either',
    contract:
      'A refresh and a data write of one session at the same time are two versions of one record: one runs twice.',
    async run({ store }) {
      const hands = handsAt()
      const sites = [0, 1].map(() => new TokenSite(shared(store), hands))
      const [home, other] = sites
      if (home === undefined || other === undefined) return assert.fail()
      const { cookie, given } = await home.issue('ada')
      const writes = Array.from({ length: 30 }, () =>
        other.with(cookie, (session) => session.update('n', (n) => Number(n ?? 0) + 1)),
      )
      let { refreshToken } = given
      for (let n = 0; n < 5; n++) ({ refreshToken } = await home.refresh(refreshToken))
      await Promise.all(writes)
      assert.equal((await recordOf(store, given.sessionId)).data.get('app:n'), '30')
      await home.refresh(refreshToken)
      await Promise.all(sites.map((site) => site.close()))
    },
  },
  {
    name: 'reopen: grants, and what was revoked, are kept',
    contract: 'An acknowledged creation or revocation survives a crash of process and machine.',
    needsReopen: true,
    async run({ store, reopen }) {
      const hands = handsAt()
      const before = new TokenSite(shared(store), hands)
      const [kept, ended] = [await before.issue('ada'), await before.issue('bob')]
      const next = await before.refresh(kept.given.refreshToken)
      await before.tokens.revoke(ended.given.refreshToken, { client: CLIENT })
      await before.close()
      const after = new TokenSite(shared(await reopen()), hands)
      assert.equal((await after.refresh(kept.given.refreshToken)).refreshToken, next.refreshToken)
      assert.equal(await outcomeOf(() => after.refresh(ended.given.refreshToken)), GONE)
      await after.close()
    },
  },
]
