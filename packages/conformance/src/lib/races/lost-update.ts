import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import type { SessionStore } from '@holdfast/core/store'
import type { CaseDefinition } from '../definition.js'
import { drive, explore } from './explore.js'
import { scheduledStore, shared } from './scheduled-store.js'
import { handsAt, type Reply, Site } from './site.js'

const CONTRACT =
  'No lost update (promise P3): distinct keys of parallel requests merge, and update(key, fn) never loses an increment.'

const KEYS = 100

function twoSites(store: SessionStore, scheduler: fc.Scheduler): readonly [Site, Site] {
  const hands = handsAt()
  const site = (): Site => new Site(scheduledStore(store, scheduler), hands)
  return [site(), site()]
}

async function start(store: SessionStore, subject: string): Promise<string> {
  const home = new Site(shared(store), handsAt())
  const { token } = await home.signIn(subject)
  await home.close()
  return token ?? ''
}

function allWell(replies: readonly Reply[]): void {
  for (const { error, open } of replies) {
    assert.equal(error, null, 'a write of a live session')
    assert.equal(open.rejection, null, 'a request of a live session')
  }
}

async function read(store: SessionStore, token: string, key: string): Promise<unknown> {
  const home = new Site(shared(store), handsAt())
  let value: unknown
  await home.request(token, (session) => {
    value = session.get(key)
  })
  await home.close()
  return value
}

/** P3. */
export const lostUpdateCases: readonly CaseDefinition[] = [
  {
    name: 'races: 100 parallel requests set 100 keys of one session, and 100 survive',
    contract: CONTRACT,
    slow: true,
    async run({ store, settings }) {
      await explore({
        settings,
        count: Math.ceil(settings.schedules / 100),
        plan: fc.constant(null),
        async race(_plan, scheduler, n) {
          const token = await start(store, `subject-${n}`)
          const sites = twoSites(store, scheduler)
          const writes = Array.from({ length: KEYS }, (_, key) =>
            sites[key % 2 === 0 ? 0 : 1].request(token, (session) => session.set(`k${key}`, key)),
          )
          await drive(scheduler, Promise.all(writes).then(allWell))
          const record = await store.find(token.slice(0, 22))
          assert.equal(record?.data.size, KEYS, 'keys that survived')
          await Promise.all(sites.map((site) => site.close()))
        },
      })
    },
  },
  {
    name: 'races: update(key, fn) in two processes at once counts every increment',
    contract: CONTRACT,
    slow: true,
    async run({ store, settings }) {
      await explore({
        settings,
        count: Math.ceil(settings.schedules / 50),
        plan: fc.record({ updates: fc.integer({ min: 2, max: 40 }), waves: fc.nat({ max: 2 }) }),
        async race({ updates, waves }, scheduler, n) {
          const token = await start(store, `subject-${n}`)
          const sites = twoSites(store, scheduler)
          const count = async (each: number): Promise<Reply> => {
            for (let wave = 0; wave < each % (waves + 1); wave++)
              await scheduler.schedule(Promise.resolve(), `update ${each} waits`)
            const site = sites[each % 2 === 0 ? 0 : 1]
            return await site.request(token, (session) =>
              session.update('n', (value) => Number(value ?? 0) + 1),
            )
          }
          const all = Array.from({ length: updates }, (_, each) => count(each))
          await drive(scheduler, Promise.all(all).then(allWell))
          assert.equal(await read(store, token, 'n'), updates, 'increments that were counted')
          await Promise.all(sites.map((site) => site.close()))
        },
      })
    },
  },
  {
    name: 'races: 1,000 parallel increments count 1,000, in one process and in two',
    contract: CONTRACT,
    async run({ store }) {
      for (const processes of [1, 2]) {
        const token = await start(store, `subject-${processes}`)
        const sites = Array.from({ length: processes }, () => new Site(shared(store), handsAt()))
        const all = Array.from({ length: 1000 }, (_, n) =>
          (sites[n % processes] ?? assert.fail()).request(token, (session) =>
            session.update('n', (value) => Number(value ?? 0) + 1),
          ),
        )
        allWell(await Promise.all(all))
        assert.equal(await read(store, token, 'n'), 1000, `increments in ${processes} process(es)`)
        await Promise.all(sites.map((site) => site.close()))
      }
    },
  },
]
