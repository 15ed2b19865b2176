import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createSessions, type Sessions } from '@holdfast/core'
import type { SessionStore } from '@holdfast/core/store'
import { withSession } from '@holdfast/node'
import { HeldStore } from './held-store.js'
import { COUNTED, type FromApplication, type ToApplication } from './messages.js'
import { takeSteps } from './steps.js'
import { openStore, PATIENCE, type StoreConfig } from './stores.js'

// One process of the application: a server that does with the sessions of its requests what they ask for, and waits where it is told to.

const KEYS = ['the races sign their tokens with this key and with no other']

/** The race that a request belongs to, and its store calls with it. */
const race = new AsyncLocalStorage<string>()
const gates = new Map<string, PromiseWithResolvers>()
const calls = new Map<number, () => void>()
const counts = { session_renewed: 0, token_reuse: 0 }
let made = 0
let offset = 0

interface PromiseWithResolvers {
  readonly promise: Promise<void>
  readonly resolve: () => void
}

function withResolvers(): PromiseWithResolvers {
  let resolve = (): void => undefined
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

function gate(name: string): PromiseWithResolvers {
  const found = gates.get(name) ?? withResolvers()
  gates.set(name, found)
  return found
}

function tell(message: FromApplication): void {
  if (process.connected) process.send?.(message)
}

function wait(name: string): Promise<void> {
  const { promise } = gate(name)
  tell({ kind: 'arrived', gate: name })
  return promise
}

function hold(operation: string): Promise<void> | null {
  const mine = race.getStore()
  if (mine === undefined) return null
  const call = (made += 1)
  return new Promise((resolve) => {
    calls.set(call, resolve)
    tell({ kind: 'call', call, race: mine, operation })
  })
}

function newSessions(store: SessionStore): Sessions {
  const sessions = createSessions({
    store,
    keys: KEYS,
    clock: () => Date.now() + offset,
    storeTimeout: PATIENCE,
  })
  for (const type of COUNTED)
    sessions.on(type, () => {
      counts[type] += 1
    })
  return sessions
}

async function listen(sessions: Sessions): Promise<number> {
  const listener = withSession(
    sessions,
    async (req, res, session) => {
      const out = await takeSteps(req.url ?? '/', session, { sessions, wait })
      res.setHeader('Content-Type', 'application/json')
      res.end(JSON.stringify({ out }))
    },
    { trustProxy: ['loopback'] },
  )
  const server = createServer((req, res) => {
    const mine = req.headers['x-race']
    if (typeof mine === 'string') race.run(mine, () => listener(req, res))
    else listener(req, res)
  })
  server.keepAliveTimeout = PATIENCE
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function start(config: StoreConfig): Promise<void> {
  const opened = openStore(config)
  const store = new HeldStore(opened.store, hold)
  const confirmed = new Promise<void>((resolve) => {
    store.watch?.(({ kind }) => {
      if (kind === 'confirmed') resolve()
    })
  })
  const sessions = newSessions(store)
  const port = await listen(sessions)
  // Until then nothing is remembered, and nothing could be believed too long.
  await confirmed
  tell({ kind: 'ready', port })
}

process.on('message', (message: ToApplication) => {
  switch (message.kind) {
    case 'start':
      void start(message.store)
      break
    case 'open':
      gate(message.gate).resolve()
      break
    case 'go':
      calls.get(message.call)?.()
      calls.delete(message.call)
      break
    case 'clock':
      offset = message.offset
      tell({ kind: 'clock' })
      break
    case 'count':
      tell({ kind: 'count', counts })
      break
    case 'stop':
      process.exit(0)
  }
})
// Without its parent it has nothing to do.
process.once('disconnect', () => process.exit(0))
