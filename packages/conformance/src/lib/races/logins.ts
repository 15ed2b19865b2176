import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import type { SessionStore } from '@holdfast/core/store'
import type { CaseDefinition } from '../definition.js'
import { drive, explore } from './explore.js'
import { scheduledStore, shared } from './scheduled-store.js'
import { handsAt, type Reply, sessionIdOf, Site } from './site.js'

type OnLimit = 'reject' | 'evict-oldest' | 'evict-idle'

async function liveIds(store: SessionStore, subject: string, now: number): Promise<string[]> {
  const { records } = await store.list(subject, { limit: 1000, now })
  return records.map((record) => record.id)
}

/** Tokens of anonymous sessions, as visitors have them before they sign in; null for those who have none. */
async function visitors(
  store: SessionStore,
  anonymous: readonly boolean[],
): Promise<(string | null)[]> {
  const home = new Site(shared(store), handsAt())
  const tokens: (string | null)[] = []
  for (const has of anonymous) {
    if (!has) tokens.push(null)
    else tokens.push((await home.request(null, (session) => session.set('cart', 'full'))).token)
  }
  await home.close()
  return tokens
}

const anonymous = fc.array(fc.boolean(), { minLength: 2, maxLength: 8 })

/** Sign-ins at once with each other, and with revocations. */
export const loginCases: readonly CaseDefinition[] = [
  {
    name: 'races: parallel logins never exceed the limit, at no moment',
    contract: 'limits: never exceeded, not even by parallel logins.',
    slow: true,
    async run({ store, settings }) {
      await explore({
        settings,
        count: Math.ceil(settings.schedules / 5),
        plan: fc.record({
          anonymous,
          max: fc.constantFrom(1, 2, 3),
          onLimit: fc.constantFrom<OnLimit>('reject', 'evict-oldest', 'evict-idle'),
        }),
        async race({ anonymous: who, max, onLimit }, scheduler, n) {
          const subject = `subject-${n}`
          const hands = handsAt()
          const done = async (): Promise<void> => {
            const live = await liveIds(store, subject, hands.now)
            assert.ok(live.length <= max, `${live.length} live sessions, limit ${max}`)
          }
          const watched = scheduledStore(store, scheduler, { done })
          const options = { maxSessionsPerSubject: max, onLimit }
          const sites = [0, 1].map(() => new Site(watched, hands, options))
          const tokens = await visitors(store, who)
          const logins = tokens.map((token, each) =>
            (sites[each % 2] ?? assert.fail()).request(token, (session) =>
              session.authenticate(subject),
            ),
          )
          await drive(scheduler, Promise.all(logins))
          const errors = (await Promise.all(logins)).map((reply) => reply.error)
          const expected = onLimit === 'reject' ? Math.max(0, who.length - max) : 0
          const refused = Array.from({ length: expected }, () => 'ERR_SESSION_LIMIT')
          assert.deepEqual(
            errors.filter((error) => error !== null),
            refused,
            'logins that failed',
          )
          const live = await liveIds(store, subject, hands.now)
          assert.equal(live.length, Math.min(max, who.length), 'live sessions in the end')
          await Promise.all(sites.map((site) => site.close()))
        },
      })
    },
  },
  {
    name: 'races: no login that began before a revokeAll survives it; one after it succeeds',
    contract: 'A revoke-all also kills every login that had begun before it was acknowledged.',
    slow: true,
    async run({ store, settings }) {
      await explore({
        settings,
        count: Math.ceil(settings.schedules / 5),
        plan: fc.record({ anonymous }),
        async race({ anonymous: who }, scheduler, n) {
          const subject = `subject-${n}`
          const hands = handsAt()
          const early = new Set<number>()
          let revoking = false
          let acknowledged = false
          const watcher = {
            revoking: () => {
              revoking = true
            },
          }
          const sites = [0, 1].map(() => new Site(scheduledStore(store, scheduler, watcher), hands))
          const tokens = await visitors(store, who)
          const login = async (token: string | null, each: number): Promise<Reply> => {
            await scheduler.schedule(Promise.resolve(), `login ${each} begins`)
            const late = acknowledged
            const site = sites[each % 2] ?? assert.fail()
            const reply = await site.request(token, (session) => {
              // A login begins when the application sees the request: the counter has been read by then.
              if (!revoking) early.add(each)
              return session.authenticate(subject)
            })
            if (late) assert.equal(reply.error, null, 'a login after the revocation')
            return reply
          }
          const revoke = async (): Promise<void> => {
            await scheduler.schedule(Promise.resolve(), 'revokeAll begins')
            await sites[0]?.sessions.revokeAll(subject)
            acknowledged = true
          }
          const logins = tokens.map(login)
          await drive(scheduler, Promise.all([...logins, revoke()]))
          const live = new Set(await liveIds(store, subject, hands.now))
          for (const [each, { token, error }] of (await Promise.all(logins)).entries()) {
            if (!early.has(each)) continue
            const id = error === null && token !== null ? sessionIdOf(token) : null
            assert.ok(id === null || !live.has(id), 'a login from before the revocation lives')
          }
          await Promise.all(sites.map((site) => site.close()))
        },
      })
    },
  },
  {
    name: 'races: a write of the anonymous session is merged before a sign-in or refused after it',
    contract:
      'ifGeneration: requests that began before a sign-in cannot write after it; none is lost in silence.',
    slow: true,
    async run({ store, settings }) {
      await explore({
        settings,
        count: Math.ceil(settings.schedules / 5),
        plan: fc.record({
          writers: fc.array(fc.constantFrom('set', 'update'), { minLength: 1, maxLength: 5 }),
        }),
        async race({ writers }, scheduler, n) {
          const hands = handsAt()
          const done = (result: unknown): void => {
            assert.ok(!isOfLater(result), 'a write from before the sign-in was applied after it')
          }
          const writing = new Site(scheduledStore(store, scheduler, { done }), hands)
          const signingIn = new Site(scheduledStore(store, scheduler), hands)
          const [token = null] = await visitors(store, [true])
          const write = async (kind: string, each: number): Promise<Reply> => {
            await scheduler.schedule(Promise.resolve(), `writer ${each} begins`)
            return await writing.request(token, (session) =>
              kind === 'set'
                ? session.set(`w${each}`, 1)
                : session.update(`w${each}`, (value) => Number(value ?? 0) + 1),
            )
          }
          const signIn = async (): Promise<Reply> => {
            await scheduler.schedule(Promise.resolve(), 'sign-in begins')
            return await signingIn.request(token, (session) => session.authenticate(`subject-${n}`))
          }
          const writes = writers.map(write)
          const signedIn = signIn()
          await drive(scheduler, Promise.all([...writes, signedIn]))
          assert.equal((await signedIn).error, null, 'the sign-in')
          const record = await store.find(sessionIdOf(token ?? ''))
          assert.equal(record?.subject, `subject-${n}`)
          assert.equal([...record.data].find(([key]) => key.endsWith(':cart'))?.[1], '"full"')
          for (const [each, reply] of (await Promise.all(writes)).entries()) {
            const there = [...record.data.keys()].some((key) => key.endsWith(`:w${each}`))
            if (reply.error === null) assert.ok(there, 'an acknowledged write was lost')
            else {
              assert.equal(reply.error, 'ERR_SESSION_ENDED', 'how a write is refused')
              assert.ok(!there, 'a refused write was applied')
            }
          }
          await Promise.all([writing.close(), signingIn.close()])
        },
      })
    },
  },
]

/** Whether an update gave a record of a generation that a sign-in had begun. */
function isOfLater(result: unknown): boolean {
  if (typeof result !== 'object' || result === null || !('record' in result)) return false
  const { record } = result
  const updated = 'status' in result && result.status === 'updated'
  if (typeof record !== 'object' || record === null || !('generation' in record)) return false
  return updated && record.generation !== 0
}
