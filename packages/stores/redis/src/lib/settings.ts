import type { Driver, Node } from './driver.js'
import { replica, unsupported } from './errors.js'
import type { Rules } from './options.js'
import { toText } from './server.js'

/** What was found about the settings of the servers, as sentences for people. */
interface Findings {
  /** Why an acknowledged revocation may be forgotten: refused where durability is promised. */
  readonly forgets: readonly string[]
  /** What is advised, or could not be read. */
  readonly advice: readonly string[]
}

type Settings = ReadonlyMap<string, string>

const CHECKED = [
  'appendonly',
  'appendfsync',
  'min-replicas-to-write',
  'maxmemory',
  'maxmemory-policy',
] as const

/** Looks at each server that takes writes. Errors: the driver's own, where one cannot be asked. */
async function checkSettings(driver: Driver, rules: Rules): Promise<Findings> {
  const servers = await driver.masters()
  const all = await Promise.all(servers.map((server) => judge(server, rules)))
  const unique = (sentences: readonly string[]): string[] => [...new Set(sentences)]
  return {
    forgets: unique(all.flatMap(({ forgets }) => forgets)),
    advice: unique(all.flatMap(({ advice }) => advice)),
  }
}

async function judge(server: Node, rules: Rules): Promise<Findings> {
  const [info, ...replies] = await server.send([
    ['INFO'],
    ...CHECKED.map((name) => ['CONFIG', 'GET', name] as const),
  ])
  const facts = readInfo(info)
  if (facts.get('role') === 'slave') throw replica()
  const config = readConfig(replies)
  const settings = config ?? settingsOfInfo(facts)
  const forgets = [
    ...unseen(facts, config),
    ...persistence(settings, rules),
    ...replication(facts, rules),
    ...outvoted(config, rules),
    ...eviction(settings),
    ...waiting(facts, rules),
  ]
  const advice =
    config === null
      ? [
          'the server does not allow CONFIG GET, as managed ones often do not: appendfsync and min-replicas-to-write could not be checked; look at them in its console',
        ]
      : cutOff(settings, rules)
  return { forgets, advice }
}

function readInfo(reply: unknown): Settings {
  if (reply instanceof Error) return new Map()
  const lines = toText(reply).split('\r\n')
  return new Map(
    lines.flatMap((line) => {
      const at = line.indexOf(':')
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]]
    }),
  )
}

/** Null where CONFIG is not allowed or says nothing. By protocol and driver it is a list of name and value, or a map. */
function readConfig(replies: readonly unknown[]): Settings | null {
  const settings = new Map<string, string>()
  for (const reply of replies) {
    if (reply instanceof Error) return null
    const [name, value] = pairOf(reply)
    if (name !== undefined) settings.set(toText(name), toText(value))
  }
  return CHECKED.every((name) => settings.has(name)) ? settings : null
}

function pairOf(reply: unknown): readonly unknown[] {
  if (Array.isArray(reply)) return reply
  if (reply instanceof Map) return [...reply].flat()
  return Object.entries(Object(reply)).flat()
}

/** What may be asked of INFO, and of it alone where CONFIG is not allowed. A guess would be a promise that nobody keeps. */
function unseen(facts: Settings, config: Settings | null): string[] {
  const needed = ['connected_slaves', 'cluster_enabled']
  if (config === null) needed.push('aof_enabled', 'maxmemory', 'maxmemory_policy')
  const missing = needed.filter((name) => !facts.has(name))
  if (missing.length === 0) return []
  const asked = config === null ? 'neither CONFIG GET nor INFO tells' : 'INFO does not tell'
  return [
    `${asked} ${missing.join(', ')}, so that nobody knows what a crash or a failover would forget. Allow the user of this client INFO (ACL: +info)`,
  ]
}

function settingsOfInfo(facts: Settings): Settings {
  return new Map([
    ['appendonly', facts.get('aof_enabled') === '0' ? 'no' : 'yes'],
    ['maxmemory', facts.get('maxmemory') ?? '0'],
    ['maxmemory-policy', facts.get('maxmemory_policy') ?? 'noeviction'],
  ])
}

function persistence(settings: Settings, { wait }: Rules): string[] {
  if (settings.get('appendonly') === 'no')
    return [
      'appendonly is no: after a crash every revocation since the last snapshot is forgotten. Set appendonly yes',
    ]
  const fsync = settings.get('appendfsync')
  if (fsync === 'no')
    return ['appendfsync is no: a crash of the machine forgets many seconds. Set it to always']
  if (fsync === 'everysec' && wait === null)
    return [
      'appendfsync is everysec: a crash of the machine forgets up to a second. Set it to always, or give the option wait, so that a replica has each write too',
    ]
  return []
}

function replication(facts: Settings, { wait }: Rules): string[] {
  const replicas = Number(facts.get('connected_slaves') ?? 0)
  const fails = replicas > 0 || facts.get('cluster_enabled') === '1'
  const waitsFor = wait?.replicas ?? 0
  const wanted = Math.max(replicas, 1)
  if (!fails || waitsFor >= wanted) return []
  return [
    `the server has ${replicas} replica(s) and the option wait asks for ${waitsFor}: a failover forgets what the replica that is chosen had not received. Give wait: { replicas: ${wanted} }`,
  ]
}

/** `requireReplicas` goes by a refusal that only this setting makes the server utter. */
function outvoted(config: Settings | null, { requireReplicas }: Rules): string[] {
  if (!requireReplicas || config === null) return []
  if (Number(config.get('min-replicas-to-write')) > 0) return []
  return [
    'requireReplicas is given and min-replicas-to-write is 0: a server that is cut off from its replicas does not know it. Set it to 1',
  ]
}

function eviction(settings: Settings): string[] {
  const policy = settings.get('maxmemory-policy') ?? 'noeviction'
  if (policy === 'noeviction' || settings.get('maxmemory') === '0') return []
  return [
    `maxmemory-policy is ${policy}: under pressure the server drops sessions, and with them the knowledge of what was revoked. Set it to noeviction`,
  ]
}

/** WAITAOF came with 7.2, in Valkey as in Redis. */
function waiting(facts: Settings, { wait }: Rules): string[] {
  const version = facts.get('valkey_version') ?? facts.get('redis_version') ?? '99.0'
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (wait?.fsync !== true || major > 7 || (major === 7 && minor >= 2)) return []
  return [`the server is version ${version} and knows no WAITAOF: leave out wait.fsync`]
}

function cutOff(settings: Settings, { wait }: Rules): string[] {
  const least = Number(settings.get('min-replicas-to-write') ?? 0)
  if (wait === null || least >= wait.replicas) return []
  return [
    `min-replicas-to-write is ${least}: a server that is cut off from its replicas goes on taking writes that nobody will keep. Set it to ${wait.replicas}`,
  ]
}

/** Lets calls through once the settings are known to be good enough, or at once where nothing is promised. */
export class SettingsGate {
  readonly #driver: Driver
  readonly #rules: Rules
  #open: boolean
  #checking: Promise<void> | null = null

  constructor(driver: Driver, rules: Rules) {
    this.#driver = driver
    this.#rules = rules
    this.#open = false
  }

  /** Whether {@link SettingsGate.pass} has nothing to say any more. */
  get open(): boolean {
    return this.#open
  }

  /** Waits for the check where durability is promised; elsewhere only begins it. */
  async pass(): Promise<void> {
    this.#checking ??= this.#check().catch((error: unknown) => {
      // Not asked for good: the next call tries again.
      this.#checking = null
      this.#open = false
      throw error
    })
    if (this.#rules.production) return this.#checking
    this.#open = true
    this.#checking.catch(() => undefined)
  }

  async #check(): Promise<void> {
    const { forgets, advice } = await checkSettings(this.#driver, this.#rules)
    for (const sentence of [...forgets, ...advice]) this.#rules.onWarning(`redis: ${sentence}`)
    if (this.#rules.production && forgets.length > 0)
      throw unsupported(
        `this redis server would forget an acknowledged revocation: ${forgets.join('; ')}`,
      )
    this.#open = true
  }
}
