import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createSessions, hours, minutes, type RejectionReason } from '@holdfast/core'
import { memoryStore } from '@holdfast/memory'
import { fetchSessions } from '../src/index.js'

const NAME = '__Host-session'
let now = Date.UTC(2026, 0, 1)
const reasons: RejectionReason[] = []
const sessions = createSessions({
  store: memoryStore(),
  keys: ['one-answer-key-0123456789abcdefghijk'],
  clock: () => now,
  sweepInterval: Infinity,
  client: { bind: ({ userAgent }) => userAgent },
})
sessions.on('session_rejected', ({ reason }) => reasons.push(reason))
after(() => sessions.close())
const open = fetchSessions(sessions)

interface Seen {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
}

/** What a page that shows who is signed in answers to this Cookie header. */
async function ask(cookie: string | null, userAgent = 'one'): Promise<Seen> {
  const headers = { 'user-agent': userAgent, ...(cookie === null ? {} : { cookie }) }
  const { session, commit } = await open(new Request('https://app.example/', { headers }))
  const response = await commit(Response.json({ subject: session.subject }))
  return {
    status: response.status,
    headers: [...response.headers],
    body: await response.text(),
  }
}

type Visit = Awaited<ReturnType<typeof open>>['session']

/** The session cookie after `work`, as it is sent back. */
async function cookieAfter(
  cookie: string | null,
  work: (session: Visit) => Promise<void>,
): Promise<string> {
  const headers = { 'user-agent': 'one', ...(cookie === null ? {} : { cookie }) }
  const { session, commit } = await open(new Request('https://app.example/', { headers }))
  await work(session)
  const response = await commit(new Response())
  return response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
}

const signIn = (): Promise<string> =>
  cookieAfter(null, (session) => session.authenticate('ann', { remember: true }))

test('whatever is wrong with a token, the client sees one answer: same status, headers and body', async () => {
  const keys = sessions.tokenKeys(NAME)
  const expected = await ask(null)
  assert.equal(expected.body, '{"subject":null}')

  const revoked = await signIn()
  await cookieAfter(revoked, (session) => session.revoke())
  const replaced = await signIn()
  await cookieAfter(replaced, (session) => session.rotate())
  const bound = await signIn()
  const cases: readonly (readonly [RejectionReason, string, string?])[] = [
    ['malformed', `${NAME}=x`],
    ['malformed', `${bound}x`],
    ['malformed', `${NAME}=${'A'.repeat(12_000)}`],
    ['ambiguous', `${bound}; ${bound}`],
    ['unknown', `${NAME}=${keys.issue('a'.repeat(22), 'b'.repeat(43))}`],
    ['revoked', revoked],
    ['superseded', replaced],
    ['binding_mismatch', bound, 'two'],
  ]
  const untouched = (await signIn()).slice(NAME.length + 1, NAME.length + 23)
  const forged = `${NAME}=${keys.issue(untouched, 'c'.repeat(43))}`
  for (const [reason, cookie, userAgent] of [...cases, ['wrong_verifier', forged] as const]) {
    assert.deepEqual(await ask(cookie, userAgent), expected, reason)
    assert.deepEqual(reasons.splice(0), [reason])
  }
  for (const [reason, wait] of [
    ['idle_expired', hours(1)],
    ['absolute_expired', hours(24)],
  ] as const) {
    const cookie = await signIn()
    now += wait
    assert.deepEqual(await ask(cookie), expected, reason)
    assert.deepEqual(reasons.splice(0), [reason])
  }
})

test('a hundred rotations leave a cookie of the size that it had', async () => {
  const start = await signIn()
  let cookie = start
  for (let turn = 0; turn < 100; turn++) {
    now += minutes(10)
    const next = await cookieAfter(cookie, (session) => session.rotate())
    assert.notEqual(next, cookie)
    assert.equal(next.length, start.length)
    cookie = next
  }
  assert.match((await ask(cookie)).body, /"ann"/)
})
