import { SessionError } from '@holdfast/core'

/** Replica acknowledgement of each write. */
export interface WaitOptions {
  /** Replicas that must have the write before it is acknowledged (`WAIT`). */
  readonly replicas: number
  /** Milliseconds to wait for them; then the call fails with `ERR_SESSION_STORE_UNAVAILABLE`. Default 100. */
  readonly timeout?: number
  /** Also wait until the write is on the disk of the server and of the replicas (`WAITAOF`, Redis 7.2). Default `false`. */
  readonly fsync?: boolean
}

/** Options of `redisStore`. Durations are milliseconds. */
export interface RedisStoreOptions {
  /** What every key and channel begins with; another one for each tenant. 1 to 64 of `A-Za-z0-9:._-`. Default `hf:`. */
  readonly prefix?: string
  /** Milliseconds after which a call has failed (`ERR_SESSION_STORE_TIMEOUT`). Default 400. */
  readonly timeout?: number
  /** Replicas that must have a write before it is acknowledged. Default: none, so that a failover may forget it. */
  readonly wait?: WaitOptions
  /**
   * Honour no session on a server that refuses writes because too few replicas are connected (`min-replicas-to-write`): one
   * that is cut off from them may have been replaced by one of them, and does not hear of what is revoked there. Found by a
   * heartbeat, at most `min-replicas-max-lag` and three seconds after the cut. The price: while no replica is up, nobody is
   * served. Default `false`: such a server is still read from.
   */
  readonly requireReplicas?: boolean
  /**
   * Promise that an acknowledged revocation is durable: a server whose settings would forget one is refused at the first
   * call with `ERR_SESSION_STORE_UNSUPPORTED`. Default `false`: it is only warned of.
   */
  readonly production?: boolean
  /** Called with each sentence about a server's settings. Default: `process.emitWarning`. */
  readonly onWarning?: (warning: string) => void
  /** Milliseconds between two proofs that notices arrive; 2.5 times that without one and none is trusted. Default 1,000. */
  readonly heartbeat?: number
}

export interface Rules {
  readonly prefix: string
  readonly timeout: number
  readonly wait: Required<WaitOptions> | null
  readonly requireReplicas: boolean
  readonly production: boolean
  readonly onWarning: (warning: string) => void
  readonly heartbeat: number
}

const KNOWN = new Set([
  'prefix',
  'timeout',
  'wait',
  'requireReplicas',
  'production',
  'onWarning',
  'heartbeat',
])
const PREFIX = /^[A-Za-z0-9:._-]{1,64}$/

/** The options with their defaults. A wrong name or type is a `TypeError`, a wrong value `ERR_SESSION_CONFIG`. */
export function readOptions(options: RedisStoreOptions): Rules {
  if (typeof options !== 'object' || options === null)
    throw new TypeError('redisStore(client, options): options must be an object')
  for (const name of Object.keys(options)) {
    if (!KNOWN.has(name))
      throw new TypeError(`unknown option '${name}'; known are ${[...KNOWN].join(', ')}`)
  }
  const { prefix = 'hf:', production = false, requireReplicas = false, onWarning = warn } = options
  if (typeof prefix !== 'string') throw new TypeError('prefix must be a string')
  if (!PREFIX.test(prefix)) throw wrong('prefix must be 1 to 64 characters of A-Za-z0-9:._-')
  if (typeof requireReplicas !== 'boolean')
    throw new TypeError('requireReplicas must be true or false')
  if (typeof production !== 'boolean') throw new TypeError('production must be true or false')
  if (typeof onWarning !== 'function') throw new TypeError('onWarning must be a function')
  const timeout = milliseconds(options.timeout, 400, 'timeout')
  const heartbeat = milliseconds(options.heartbeat, 1000, 'heartbeat')
  return {
    prefix,
    timeout,
    wait: readWait(options.wait, timeout),
    requireReplicas,
    production,
    onWarning,
    heartbeat,
  }
}

function readWait(wait: WaitOptions | undefined, limit: number): Required<WaitOptions> | null {
  if (wait === undefined) return null
  if (typeof wait !== 'object' || wait === null) throw new TypeError('wait must be an object')
  const { replicas, fsync = false } = wait
  if (!Number.isSafeInteger(replicas) || replicas < (fsync ? 0 : 1) || replicas > 100)
    throw wrong('wait.replicas must be a whole number from 1 to 100')
  if (typeof fsync !== 'boolean') throw new TypeError('wait.fsync must be true or false')
  const timeout = milliseconds(wait.timeout, Math.min(100, limit - 1), 'wait.timeout')
  if (timeout >= limit) throw wrong('wait.timeout must be shorter than timeout')
  return { replicas, timeout, fsync }
}

function milliseconds(value: unknown, preset: number, name: string): number {
  if (value === undefined) return preset
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number of milliseconds`)
  if (Number.isSafeInteger(value) && value > 0 && value <= 0x7fffffff) return value
  throw wrong(`${name} must be a whole number of milliseconds above 0`)
}

function wrong(message: string): SessionError {
  return new SessionError('ERR_SESSION_CONFIG', `redisStore: ${message}`)
}

function warn(warning: string): void {
  process.emitWarning(warning, { type: 'HoldfastWarning', code: 'HOLDFAST_REDIS' })
}
