import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { consumeOnce, singleUseTokens } from '@holdfast/tokens'
import type { CaseDefinition } from '../definition.js'
import { HOUR, START } from '../records.js'
import { drive, explore } from '../races/explore.js'
import { scheduledStore, shared } from '../races/scheduled-store.js'
import { handsAt, Site } from '../races/site.js'

const USE = { purpose: 'email', lifetime: HOUR }
const PRESENTERS = 50

/** What may happen once, however many ask. */
export const onceCases: readonly CaseDefinition[] = [
  {
    name: 'tokens: 50 parallel redemptions of a single-use token give exactly one success',
    contract: 'revoke() of a session counts 1 exactly once, however many ask.',
    slow: true,
    async run({ store, settings }) {
      const home = new Site(shared(store), handsAt())
      await explore({
        settings,
        count: Math.ceil(settings.rounds / 20),
        plan: fc.integer({ min: 2, max: PRESENTERS }),
        race: async (presenters, scheduler) => {
          const sites = [0, 1].map(() => new Site(scheduledStore(store, scheduler), handsAt()))
          const { token } = await singleUseTokens(home.sessions, USE).issue({ subject: 'ada' })
          const uses = sites.map((site) => singleUseTokens(site.sessions, USE))
          const all = Array.from({ length: presenters }, async (_, n) => uses[n % 2]?.redeem(token))
          const answers: unknown[] = []
          await drive(
            scheduler,
            Promise.all(all).then((found) => answers.push(...found)),
          )
          const good = answers.filter((each) => each !== null)
          assert.deepEqual(good, [{ subject: 'ada', data: null }])
          assert.equal(await singleUseTokens(home.sessions, USE).redeem(token), null)
          await Promise.all(sites.map((site) => site.close()))
        },
      })
      await home.close()
    },
  },
  {
    name: 'tokens: of 50 that consume one key at once, one is told that it was the first',
    contract: 'insert() answers inserted exactly once per id.',
    async run({ store }) {
      const sites = [0, 1].map(() => new Site(shared(store), handsAt()))
      for (let round = 0; round < 5; round++) {
        const key = `proof ${round}`
        const all = Array.from({ length: PRESENTERS }, async (_, n) => {
          const site = sites[n % 2]
          return site !== undefined && consumeOnce(site.sessions, key, START + HOUR)
        })
        assert.equal((await Promise.all(all)).filter(Boolean).length, 1)
      }
      const [home] = sites
      await home?.sessions.revokeEveryone()
      assert.equal(home && (await consumeOnce(home.sessions, 'proof 0', START + HOUR)), false)
      assert.equal(home && (await consumeOnce(home.sessions, 'another', START + HOUR)), true)
      await Promise.all(sites.map((site) => site.close()))
    },
  },
  {
    name: 'reopen: what was redeemed and consumed stays so',
    contract: 'An acknowledged creation or revocation survives a crash of process and machine.',
    needsReopen: true,
    async run({ store, reopen }) {
      const before = new Site(shared(store), handsAt())
      const [spent, good] = await Promise.all([
        singleUseTokens(before.sessions, USE).issue(),
        singleUseTokens(before.sessions, USE).issue(),
      ])
      await singleUseTokens(before.sessions, USE).redeem(spent.token)
      await consumeOnce(before.sessions, 'key', START + HOUR)
      await before.close()
      const after = new Site(shared(await reopen()), handsAt())
      assert.equal(await singleUseTokens(after.sessions, USE).redeem(spent.token), null)
      assert.notEqual(await singleUseTokens(after.sessions, USE).redeem(good.token), null)
      assert.equal(await consumeOnce(after.sessions, 'key', START + HOUR), false)
      await after.close()
    },
  },
]
