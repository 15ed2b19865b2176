import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import type { CaseDefinition } from '../definition.js'
import { HOUR, MINUTE, START } from '../records.js'
import { drive, explore } from './explore.js'
import { scheduledStore, shared } from './scheduled-store.js'
import { handsAt, sessionIdOf, Site } from './site.js'

const ABSOLUTE = 24 * HOUR

const acts = ['read', 'touch', 'write', 'rotate', 'authenticate', 'reauthenticate', 'old'] as const
type Act = (typeof acts)[number]

const walk = fc.array(
  fc.tuple(
    fc.constantFrom<Act>(...acts),
    fc.constantFrom(0, 1, 3 * MINUTE, 16 * MINUTE, 50 * MINUTE, 59 * MINUTE, -MINUTE, -HOUR),
  ),
  { minLength: 5, maxLength: 60, size: 'max' },
)

/** P8, and sweeps at once with requests. */
export const lifetimeCases: readonly CaseDefinition[] = [
  {
    name: 'races: nothing moves the absolute end of an authenticated session (clock jumps included)',
    contract: 'The absolute end never moves (promise P8).',
    slow: true,
    async run({ store, settings }) {
      await explore({
        settings,
        count: Math.ceil(settings.schedules / 20),
        plan: walk,
        async race(steps, _scheduler, n) {
          const hands = handsAt()
          const site = new Site(shared(store), hands, { rotationGrace: 30_000 })
          const subject = `subject-${n}`
          const tokens = [(await site.signIn(subject)).token ?? '']
          const id = sessionIdOf(tokens[0] ?? '')
          const end = START + ABSOLUTE
          for (const [act, by] of steps) {
            hands.now += by
            const token = act === 'old' ? tokens[0] : tokens.at(-1)
            const reply = await site.request(token ?? '', (session) => {
              if (act === 'touch') session.touch()
              if (act === 'write') session.set('n', hands.now)
              if (session.subject === null) return undefined
              if (act === 'rotate') return session.rotate()
              if (act === 'authenticate') return session.authenticate(subject, { remember: true })
              return act === 'reauthenticate' ? session.reauthenticate() : undefined
            })
            if (reply.open.record?.id === id && hands.now >= end)
              assert.fail('a session is honoured past its absolute end')
            if (reply.action?.kind === 'set' && sessionIdOf(reply.action.token) === id)
              tokens.push(reply.action.token)
            const record = await store.find(id)
            assert.equal(record?.absoluteDeadline, end, `the absolute deadline after ${act}`)
            assert.ok(record.idleDeadline <= end, 'the idle deadline stays within it')
          }
          hands.now = Math.max(hands.now, end)
          for (const token of tokens) assert.equal(await site.isActive(token), false)
          await site.close()
        },
      })
    },
  },
  {
    name: 'races: sweeps in the midst of requests never take a live session, lists stay right',
    contract: 'sweep never deletes a live session; an index entry without a record is passed over.',
    slow: true,
    async run({ store, settings }) {
      await explore({
        settings,
        count: Math.ceil(settings.schedules / 20),
        // One at a time: each sweeps what the others have.
        batch: 1,
        plan: fc.record({
          sessions: fc.integer({ min: 1, max: 4 }),
          active: fc.array(fc.nat({ max: 3 }), { maxLength: 4 }),
          sweeps: fc.integer({ min: 1, max: 3 }),
          minutes: fc.constantFrom(59, 61, 119),
        }),
        async race({ sessions, active, sweeps, minutes }, scheduler, n) {
          const subject = `subject-${n}`
          const hands = handsAt()
          const home = new Site(shared(store), hands)
          const tokens: string[] = []
          for (let each = 0; each < sessions; each++)
            tokens.push((await home.signIn(subject)).token ?? '')
          hands.now += 59 * MINUTE
          for (const each of active.slice(0, 2)) await home.request(tokens[each] ?? null)
          hands.now += (minutes - 59) * MINUTE
          const site = new Site(scheduledStore(store, scheduler), hands)
          const requests = active.map((each) => site.request(tokens[each] ?? null))
          const sweeping = Array.from({ length: sweeps }, () => site.sessions.sweep())
          const listing = idsOf(site, subject)
          await drive(scheduler, Promise.all([...requests, ...sweeping, listing]))
          const touched = new Set(active.slice(0, 2))
          for (const [each, token] of tokens.entries()) {
            const lives = minutes < 60 || (minutes < 119 && touched.has(each))
            if (!lives) continue
            assert.ok(await home.isActive(token), 'a live session was swept')
            assert.ok((await idsOf(home, subject)).includes(sessionIdOf(token)))
          }
          const live = await idsOf(home, subject)
          assert.equal(await home.sessions.revokeAll(subject), live.length, 'what revokeAll ended')
          assert.deepEqual(await idsOf(home, subject), [])
          await Promise.all([home.close(), site.close()])
        },
      })
    },
  },
]

async function idsOf(site: Site, subject: string): Promise<string[]> {
  const ids: string[] = []
  for await (const { id } of site.sessions.list(subject)) ids.push(id)
  return ids
}
