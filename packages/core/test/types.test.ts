import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSessions, type Sessions, type SessionErrorCode } from '@holdfast/core'
import { type OpenSession, Session } from '@holdfast/core/engine'
import { memoryStore } from '@holdfast/memory'
import { KEY } from './support/world.js'

interface Shop {
  cart: string[]
  visits: number
}

/** Never called: it compiles, which is what it is for. Each marked line must not. */
export async function compiles(sessions: Sessions<Shop>, open: OpenSession): Promise<void> {
  const session = new Session<Shop>(open)
  const cart: readonly string[] | undefined = session.get('cart')
  const visits: number = session.get('visits') ?? 0
  session.set('cart', [...(cart ?? []), 'a'])
  session.unset('visits')
  session.flash('note', { text: 'any JSON', at: visits })
  const next: number | undefined = await session.update('visits', (n = 0) => n + 1)
  const keys: readonly ('cart' | 'visits')[] = session.keys()
  const language = session.shared.get('language')

  // @ts-expect-error -- no such key
  session.get('basket')
  // @ts-expect-error -- no such key
  session.set('basket', [])
  // @ts-expect-error -- no such key
  session.unset('basket')
  // @ts-expect-error -- no such key
  session.has('basket')
  // @ts-expect-error -- no such key
  await session.update('basket', () => 1)
  // @ts-expect-error -- visits is a number
  session.set('visits', 'one')
  // @ts-expect-error -- cart holds texts
  session.set('cart', [1])
  // @ts-expect-error -- a value is needed; unset() removes
  session.set('cart', undefined)
  // @ts-expect-error -- visits is a number
  const wrongType: string | undefined = session.get('visits')
  // @ts-expect-error -- what is read is frozen
  session.get('cart')?.push('b')
  // @ts-expect-error -- what is read is frozen
  const writable: string[] | undefined = session.get('cart')
  // @ts-expect-error -- the function must give a number
  await session.update('visits', () => 'one')
  // @ts-expect-error -- the function must be synchronous
  await session.update('visits', async (n = 0) => n + 1)
  // @ts-expect-error -- no JSON
  session.flash('note', new Date())
  // @ts-expect-error -- no JSON
  session.flash('note', () => 1)
  // @ts-expect-error -- read-only
  session.subject = 'mallory'
  // @ts-expect-error -- read-only
  session.id = 'x'
  // @ts-expect-error -- a subject is a text
  await session.authenticate(5)
  // @ts-expect-error -- methods are a list
  await session.authenticate('alice', { methods: 'pwd' })
  // @ts-expect-error -- no such option
  await session.authenticate('alice', { rememberMe: true })
  // @ts-expect-error -- remember is a matter of signing in
  await session.reauthenticate({ remember: true })
  // @ts-expect-error -- maxAge is needed
  session.requireFresh({})

  const found = await sessions.resolve('x')
  // @ts-expect-error -- there is a session only where it is active
  void found.session
  // @ts-expect-error -- there is a reason only where it is rejected
  void found.reason
  if (found.status === 'active') void found.session.get('cart')?.at(0)?.trim()
  // @ts-expect-error -- no such key
  if (found.status === 'active') found.session.get('basket')

  sessions.on('session_expired', ({ reason }) => {
    const expired: 'idle_expired' | 'absolute_expired' = reason
    void expired
  })
  // @ts-expect-error -- no such event
  sessions.on('sesion_expired', () => undefined)
  // @ts-expect-error -- this event has no such field
  sessions.on('session_created', ({ outcome }) => outcome)
  // @ts-expect-error -- an id or null
  await sessions.revokeAll('alice', { except: 5 })

  const store = memoryStore()
  // @ts-expect-error -- keys are needed
  createSessions<Shop>({ store })
  // @ts-expect-error -- a store is needed
  createSessions<Shop>({ keys: [KEY] })
  // @ts-expect-error -- a key that may be undefined (an environment variable) is to be checked first
  createSessions<Shop>({ store, keys: [process.env['SESSION_KEY']] })
  // @ts-expect-error -- durations are numbers
  createSessions<Shop>({ store, keys: [KEY], idleTimeout: '30m' })
  // @ts-expect-error -- no such preset
  createSessions<Shop>({ store, keys: [KEY], preset: 'aal4' })
  // @ts-expect-error -- no such option
  createSessions<Shop>({ store, keys: [KEY], secret: KEY })
  // @ts-expect-error -- no such answer
  createSessions<Shop>({ store, keys: [KEY], onLimit: 'ask' })
  // @ts-expect-error -- no such code
  const code: SessionErrorCode = 'ERR_SESSION_UNKNOWN'
  void [wrongType, writable, next, keys, language, code]
}

test('the data’s type reaches what is read and written', async () => {
  const sessions = createSessions<Shop>({
    store: memoryStore(),
    keys: [KEY],
    sweepInterval: Infinity,
  })
  assert.equal(typeof compiles, 'function')
  assert.deepEqual(await sessions.resolve(null), { status: 'none' })
})
