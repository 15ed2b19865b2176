import { EventEmitter } from 'node:events'
import { after } from 'node:test'
import {
  type Clock,
  createSessions,
  SessionError,
  type SessionEvent,
  type Sessions,
} from '@holdfast/core'
import type { SessionStore } from '@holdfast/core/store'
import {
  type AppSettings,
  type Control,
  createAdminDoor,
  createAppDoor,
  createAssertionKeys,
  createMetrics,
  createMonitorDoor,
  type DaemonParts,
  type Door,
  type LimitSettings,
  metricsTextOf,
  type PublicKeys,
} from '@holdfast/daemon'
import { memoryStore } from '@holdfast/memory'
import type { Right } from '@holdfast/protocol'
import { listen, type Place } from './ask.js'
import { freshPath } from './folders.js'

const KEY = 'q7Wd2Zr9uXb4Ky6Tn1Vf8Mc3Hs5Jp0Lg2Ea'
const ALL: ReadonlySet<Right> = new Set(['authenticate', 'list', 'revoke'])

const LIMITS: LimitSettings = {
  body: 128 * 1024,
  headers: 16 * 1024,
  headTimeout: 10_000,
  requestTimeout: 20_000,
  storeTimeout: null,
  connections: 1_000,
  stopTimeout: 5_000,
}

export interface WorldOptions {
  readonly store?: SessionStore
  readonly limits?: Partial<LimitSettings>
  readonly jwks?: PublicKeys
  readonly control?: Partial<Control>
  readonly clock?: Clock
  readonly heartbeat?: number
  readonly buffer?: number
}

/** Doors that listen, on one manager and store. */
export interface World {
  readonly parts: DaemonParts
  readonly sessions: Sessions
  readonly events: EventEmitter
  readonly doors: Readonly<Record<string, Door>>
  /** Application `shop`, with every right, and `blog`, with none. */
  readonly shop: Place
  readonly blog: Place
  /** The door of `shop` over TCP. */
  readonly tcp: Place
  readonly admin: Place
  readonly monitor: Place
  readonly logged: string[]
  ready: boolean
}

export const TCP_TOKEN = 'shops-own-token-0123456789-abcdefgh'

/** Starts a world; it ends with the test file. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  // On a busy machine a hundred writes at once take their time.
  const store = options.store ?? memoryStore()
  const sessions = createSessions({
    store,
    keys: [KEY],
    storeTimeout: 60_000,
    ...(options.clock && { clock: options.clock }),
  })
  const logged: string[] = []
  const state = { ready: true }
  const events = new EventEmitter().setMaxListeners(0)
  sessions.on('*', (event) => events.emit('event', event))
  const parts = partsOf(sessions, options, events, logged, state)
  const [shop, blog] = parts.settings.apps
  if (shop === undefined || blog === undefined) throw new Error('two applications are configured')
  const doors = {
    shop: createAppDoor(parts, shop),
    blog: createAppDoor(parts, blog),
    tcp: createAppDoor(parts, shop, 'tcp'),
    admin: createAdminDoor(parts, controlOf(options), options),
    monitor: createMonitorDoor(parts),
  }
  after(async () => {
    await Promise.all(Object.values(doors).map((door) => door.drain(0)))
    await sessions.close()
  })
  const places = {
    shop: await listen(doors.shop, freshPath()),
    blog: await listen(doors.blog, freshPath()),
    tcp: await listen(doors.tcp),
    admin: await listen(doors.admin, freshPath()),
    monitor: await listen(doors.monitor),
  }
  return Object.assign(state, { parts, sessions, events, doors, logged, ...places })
}

function partsOf(
  sessions: Sessions,
  { limits, jwks }: WorldOptions,
  events: EventEmitter,
  logged: string[],
  state: { readonly ready: boolean },
): DaemonParts {
  const metrics = createMetrics()
  metrics.watch(sessions)
  const socket = { path: '', mode: 0o600, gid: null }
  const app = (name: string, rights: ReadonlySet<Right>): AppSettings => ({
    name,
    namespace: name,
    rights,
    socket,
    tcp: name === 'shop' ? { host: '127.0.0.1', port: 0, token: TCP_TOKEN } : null,
  })
  return {
    settings: {
      state: '',
      run: '',
      workers: 1,
      store: { kind: 'embedded' },
      session: {},
      cookie: {},
      keys: null,
      check: {
        socket,
        tcp: null,
        cache: 0,
        assertionLifetime: 30_000,
        login: '/login',
        trustedOrigins: [],
      },
      apps: [app('shop', ALL), app('blog', new Set())],
      admin: socket,
      monitor: null,
      audit: null,
      limits: { ...LIMITS, ...limits },
      signingKeys: null,
    },
    sessions,
    metrics,
    events: {
      subscribe: (listener: (event: SessionEvent) => void) => {
        events.on('event', listener)
        return () => events.off('event', listener)
      },
    },
    metricsText: async () => metricsTextOf([await metrics.report()]),
    jwks: jwks ?? null,
    isReady: () => state.ready,
    assertionKeys: createAssertionKeys(sessions),
    log: (text) => logged.push(text),
  }
}

function controlOf({ control }: WorldOptions): Control {
  const keys = { managed: true, keys: [{ id: 'k1', createdAt: 1, signs: true }] }
  const status = { version: '0', startedAt: 1, workers: 1, store: 'memory', ready: true }
  return {
    keys: () => Promise.resolve(keys),
    rotateKeys: () => Promise.resolve(keys),
    retireKey: (id) =>
      id === 'old'
        ? Promise.resolve(keys)
        : Promise.reject(new SessionError('ERR_SESSION_CONFIG', `there is no key ${id} to retire`)),
    reload: () => Promise.resolve(status),
    status: () => Promise.resolve(status),
    ...control,
  }
}
