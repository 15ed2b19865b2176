import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import type { KeyInput } from '@holdfast/core'
import { KeyRing } from '@holdfast/core/engine'
import type { LimitSettings, Settings, StoreSettings } from '../settings.js'
import type { Findings } from './findings.js'
import { resolveAdmin, resolveApps, resolveCheck, resolveMonitor } from './resolve-doors.js'
import { resolveCookieOptions, resolveSession } from './resolve-session.js'
import type { Configuration } from './shape.js'
import { toBytes, toMilliseconds } from './units.js'

const KINDS = new Map([
  ['redis:', 'redis'],
  ['rediss:', 'redis'],
  ['postgres:', 'postgres'],
  ['postgresql:', 'postgres'],
] as const)

/** Settings of a configuration of the right shape. What is wrong with it beyond that is in `findings` then. */
export function resolveSettings(config: Configuration, findings: Findings): Settings {
  const { daemon, audit, tokens } = config
  for (const key of ['state', 'run'] as const)
    if (!daemon[key].startsWith('/'))
      findings.wrong(`daemon.${key}`, 'must be a path from the root, such as "/run/holdfast"')
  const settings: Settings = {
    state: resolve(daemon.state),
    run: resolve(daemon.run),
    workers: daemon.workers ?? Math.min(4, availableParallelism()),
    store: resolveStore(config, findings),
    session: resolveSession(config, findings),
    cookie: resolveCookieOptions(config, findings),
    keys: resolveKeys(config, findings),
    check: resolveCheck(config, findings),
    apps: resolveApps(config, findings),
    admin: resolveAdmin(config, findings),
    monitor: resolveMonitor(config, findings),
    audit: pathOf('audit.file', audit.file, findings),
    limits: resolveLimits(config, findings),
    signingKeys: pathOf('tokens.signing_keys', tokens.signing_keys, findings),
  }
  refuseTwice(settings, findings)
  return settings
}

function resolveStore({ store }: Configuration, findings: Findings): StoreSettings {
  if (store.url !== undefined && store.url_file !== undefined) {
    findings.wrong('store.url_file', 'store.url is there too; keep one of the two')
    return { kind: 'embedded' }
  }
  const path = store.url === undefined ? 'store.url_file' : 'store.url'
  const url = store.url_file === undefined ? store.url : findings.secret(path, store.url_file)
  if (url === undefined || url === null) return { kind: 'embedded' }
  const protocol = URL.canParse(url) ? new URL(url).protocol : ''
  const kind = [...KINDS].find(([name]) => name === protocol)?.[1]
  if (kind === undefined) {
    findings.wrong(
      path,
      'must be an address such as "redis://host:6379" or "postgres://user@host/database"; characters such as "/", "@" and "#" in a password are written as %2F, %40 and %23. Without it the embedded store is used',
    )
    return { kind: 'embedded' }
  }
  return { kind, url }
}

function resolveKeys({ keys }: Configuration, findings: Findings): readonly KeyInput[] | null {
  if (keys.file === undefined) return null
  const text = findings.secret('keys.file', keys.file)
  if (text === null) return null
  const lines = text.split(/\r?\n/).map((line) => line.trim())
  const ring = lines.filter((line) => line !== '' && !line.startsWith('#'))
  // The engine's message says which, and how to make a better one, and never the key.
  findings.attempt(
    'keys.file',
    () => new KeyRing(ring, ''),
    (message) =>
      message
        .replace(/keys\[(\d+)\]/, (_, index: string) => `key ${Number(index) + 1} in the file`)
        .replace(/^keys /, 'the file '),
  )
  return ring
}

/** A timer that is set for longer runs out at once. */
const LONGEST = 24 * 86_400_000
const SHORTEST_HEAD = 1024

function resolveLimits({ limits }: Configuration, findings: Findings): LimitSettings {
  for (const key of ['head_timeout', 'request_timeout', 'store_timeout', 'stop_timeout'] as const)
    if (toMilliseconds(limits[key] ?? '1ms') > LONGEST)
      findings.wrong(`limits.${key}`, 'must be at most 24d')
  if (toBytes(limits.headers) < SHORTEST_HEAD)
    findings.wrong(
      'limits.headers',
      'must be at least 1k: what web servers send is longer than that',
    )
  return {
    body: toBytes(limits.body),
    headers: toBytes(limits.headers),
    headTimeout: toMilliseconds(limits.head_timeout),
    requestTimeout: toMilliseconds(limits.request_timeout),
    storeTimeout: limits.store_timeout === undefined ? null : toMilliseconds(limits.store_timeout),
    connections: limits.connections,
    stopTimeout: toMilliseconds(limits.stop_timeout),
  }
}

function pathOf(path: string, value: string | undefined, findings: Findings): string | null {
  if (value === undefined) return null
  if (!value.startsWith('/')) findings.wrong(path, 'must be a path from the root')
  return value
}

/** No two doors listen on one address. */
function refuseTwice({ check, monitor, apps }: Settings, findings: Findings): void {
  const taken = new Map<string, string>()
  const doors = [
    ['check.listen', check.tcp],
    ['monitor.listen', monitor],
    ...apps.map(({ name, tcp }) => [`apps.${name}.listen`, tcp] as const),
  ] as const
  for (const [path, tcp] of doors) {
    if (tcp === null) continue
    const address = `${tcp.host} ${tcp.port}`
    const other = taken.get(address)
    if (other !== undefined)
      findings.wrong(path, `${other} is the same address; each needs a port of its own`)
    else taken.set(address, path)
  }
}
