import { SessionError } from './errors.js'
import type { RandomFill } from './random.js'
import type { SessionStore } from './store.js'
import type { Clock } from './time.js'

/** The options that the manager itself looks at, with defaults filled in. */
export interface ManagerRules {
  readonly store: SessionStore
  readonly tenant: string | null
  readonly storeTimeout: number
  readonly sweepInterval: number
  readonly cacheSize: number
  readonly now: Clock
  readonly random: RandomFill | undefined
}

const KNOWN: ReadonlySet<string> = new Set(
  `store keys production tenant client storeTimeout sweepInterval cacheSize clock random
   preset idleTimeout absoluteTimeout renewalTimeout rotationGrace maxSessionsPerSubject onLimit deviationReason
   namespace sharedNamespace schema dataVersion migrate maxDataBytes`.split(/\s+/),
)

const METHODS = ['insert', 'find', 'update', 'revoke', 'list', 'sweep', 'epoch', 'close'] as const

/** Checks the manager's own options; throws `TypeError` for a wrong name or type, `SessionError` for a wrong value. */
export function checkOptions(options: unknown): ManagerRules {
  if (!isObject(options)) throw new TypeError('options must be an object')
  refuseUnknown(options, KNOWN, '')
  const { tenant = null, production = false, random } = options
  if (tenant !== null && typeof tenant !== 'string') throw new TypeError('tenant must be a string')
  if (typeof production !== 'boolean') throw new TypeError('production must be true or false')
  if (random !== undefined && !isRandomFill(random)) {
    throw new TypeError('random must be a function that fills a Uint8Array before it returns')
  }
  const store = checkStore(options['store'], production)
  return {
    store,
    tenant,
    storeTimeout: positive(options, 'storeTimeout', store.capabilities.timeout ?? 450, false),
    sweepInterval: positive(options, 'sweepInterval', 60_000, true),
    cacheSize: cacheSize(options['cacheSize']),
    now: checkClock(options['clock']),
    random,
  }
}

/** Throws `TypeError` for an option that does not exist: a typing error must not turn a safeguard off. */
export function refuseUnknown(options: object, known: ReadonlySet<string>, path: string): void {
  for (const name of Object.keys(options)) {
    if (!known.has(name)) {
      throw new TypeError(`unknown option '${path}${name}'; known are ${[...known].join(', ')}`)
    }
  }
}

/** A clock of the application's own may tick in fractions, and may fail. */
function checkClock(clock: unknown): Clock {
  if (clock === undefined) return Date.now
  if (!isClock(clock)) throw new TypeError('clock must be a function that gives epoch milliseconds')
  return () => {
    const now = Math.floor(clock())
    if (Number.isSafeInteger(now) && now >= 0) return now
    throw new SessionError(
      'ERR_SESSION_CONFIG',
      'clock must give epoch milliseconds; it gave something else',
    )
  }
}

function isClock(value: unknown): value is Clock {
  return typeof value === 'function'
}

function isRandomFill(value: unknown): value is RandomFill {
  return typeof value === 'function'
}

function checkStore(store: unknown, production: boolean): SessionStore {
  if (!isStore(store)) {
    throw new TypeError(
      `store must be a session store, such as memoryStore() or lmdbStore('./data'), with ${METHODS.join(', ')}`,
    )
  }
  if (production && !store.capabilities.durable) {
    throw new SessionError(
      'ERR_SESSION_STORE_UNSUPPORTED',
      `the ${store.capabilities.name} store forgets revocations when its process ends; with production: true use a durable store`,
    )
  }
  if (store.capabilities.push && typeof store.watch !== 'function') {
    throw new TypeError('store claims capabilities.push and has no watch()')
  }
  return store
}

function isStore(store: unknown): store is SessionStore {
  return (
    isObject(store) &&
    isObject(store['capabilities']) &&
    METHODS.every((name) => typeof store[name] === 'function')
  )
}

function positive(
  options: Readonly<Record<string, unknown>>,
  path: string,
  preset: number,
  infinite: boolean,
): number {
  const value = options[path] ?? preset
  if (typeof value !== 'number')
    throw new TypeError(`${path} must be a number of milliseconds; got ${typeof value}`)
  if (infinite && value === Infinity) return value
  // 2^31 - 1: a longer timer fires at once.
  if (Number.isSafeInteger(value) && value > 0 && value <= 0x7fffffff) return value
  throw new SessionError(
    'ERR_SESSION_CONFIG',
    `${path} must be a whole number of milliseconds from 1 to 2147483647; got ${value}`,
  )
}

function cacheSize(value: unknown): number {
  if (value === undefined) return 10_000
  if (typeof value !== 'number')
    throw new TypeError(`cacheSize must be a number; got ${typeof value}`)
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new SessionError(
    'ERR_SESSION_CONFIG',
    `cacheSize must be a whole number from 0; got ${value}`,
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
