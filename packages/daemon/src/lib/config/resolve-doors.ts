import { join } from 'node:path'
import { safeReturnTo } from '@holdfast/http'
import type { AppSettings, CheckSettings, SocketSettings, TcpSettings } from '../settings.js'
import { loopback } from './address.js'
import type { Findings } from './findings.js'
import { groupId } from './group.js'
import { resolveOrigins } from './resolve-session.js'
import type { AppConfiguration, Configuration } from './shape.js'
import { toMilliseconds } from './units.js'

const OTHERS = 0o007
/** A path to a unix socket may have 107 bytes, and a new one is made beside the old. */
const LONGEST_PATH = 100

interface SocketKeys {
  readonly mode: string
  readonly group?: string | undefined
}

/** Where web servers ask. */
export function resolveCheck(config: Configuration, findings: Findings): CheckSettings {
  const { check } = config
  checkLogin(check.login, findings)
  warnOfCache(check, findings)
  return {
    socket: socketOf(config, 'check', 'check.sock', check, findings),
    tcp: tcpOf('check.listen', check.listen, findings),
    cache: toMilliseconds(check.cache),
    assertionLifetime: toMilliseconds(check.assertion_lifetime),
    login: check.login,
    trustedOrigins: resolveOrigins(config, findings),
  }
}

/** What the check would refuse, or send visitors elsewhere by; behind a fragment nothing reaches the page. */
function checkLogin(login: string, findings: Findings): void {
  if (safeReturnTo(login, '/') === login && !login.includes('#')) return
  findings.wrong(
    'check.login',
    'must be a path of the site, as browsers write it and without "#", such as "/login" or "/login?from=site"',
  )
}

/** What a web server is told is whole seconds, and at most half of the assertion's life (check/check.ts). */
function warnOfCache(
  { cache, assertion_lifetime }: Configuration['check'],
  findings: Findings,
): void {
  const [asked, most] = [toMilliseconds(cache), toMilliseconds(assertion_lifetime) / 2]
  const kept = Math.floor(Math.min(asked, most) / 1000)
  if (kept * 1000 === asked) return
  const why =
    asked > most
      ? ', half of check.assertion_lifetime: what is kept must be good when it is handed out'
      : ': whole seconds are all that a web server understands'
  findings.warn('check.cache', `is cut to ${kept}s${why}`)
}

/** Where administrators ask: never open to everyone. */
export function resolveAdmin(config: Configuration, findings: Findings): SocketSettings {
  const { group, mode } = config.admin
  // Web servers' group is no administrators' group.
  const socket = socketOf(
    { ...config, daemon: { ...config.daemon, group: undefined } },
    'admin',
    'admin.sock',
    { group, mode },
    findings,
  )
  return socket
}

/** Where health and metrics are answered over TCP. */
export function resolveMonitor(config: Configuration, findings: Findings): TcpSettings | null {
  return tcpOf('monitor.listen', config.monitor.listen, findings)
}

/** The applications, by name. */
export function resolveApps(config: Configuration, findings: Findings): readonly AppSettings[] {
  const apps = Object.entries(config.apps).map(([name, app]) => appOf(config, name, app, findings))
  for (const [index, { name, namespace }] of apps.entries()) {
    if (namespace === 'shared')
      findings.wrong(
        `apps.${name}.namespace`,
        '"shared" is the namespace that all applications share; choose another',
      )
    const other = apps.slice(0, index).find((each) => each.namespace === namespace)
    const meant = [name, other?.name ?? ''].every(
      (each) => config.apps[each]?.namespace !== undefined,
    )
    if (other !== undefined && !meant) {
      findings.wrong(
        `apps.${name}.namespace`,
        `apps.${other.name} has the namespace "${namespace}" too; choose another, or write it for both if they are to share their data`,
      )
    }
  }
  return apps
}

function appOf(
  config: Configuration,
  name: string,
  app: AppConfiguration,
  findings: Findings,
): AppSettings {
  return {
    name,
    namespace: app.namespace ?? name,
    rights: new Set(app.rights),
    socket: socketOf(config, `apps.${name}`, join('apps', `${name}.sock`), app, findings),
    tcp: appTcp(name, app, findings),
  }
}

function appTcp(name: string, app: AppConfiguration, findings: Findings): AppSettings['tcp'] {
  const path = `apps.${name}`
  if (app.listen === undefined) {
    if (app.token_file !== undefined)
      findings.wrong(
        `${path}.token_file`,
        `is of no use without ${path}.listen; add that, or remove this`,
      )
    return null
  }
  const tcp = tcpOf(`${path}.listen`, app.listen, findings)
  if (app.token_file === undefined) {
    findings.wrong(
      `${path}.listen`,
      `needs ${path}.token_file: TCP has no permissions, so the application proves itself with a token`,
    )
    return null
  }
  const token = findings.secret(`${path}.token_file`, app.token_file)
  if (token === null || tcp === null) return null
  if (!/^[\w.~+/=-]{32,512}$/.test(token)) {
    findings.wrong(
      `${path}.token_file`,
      'the token must have 32 to 512 letters, digits or any of "-._~+/="; make one with: openssl rand -base64 33',
    )
    return null
  }
  return { ...tcp, token }
}

function tcpOf(path: string, address: string | undefined, findings: Findings): TcpSettings | null {
  if (address === undefined) return null
  const tcp = loopback(address)
  if (tcp === null) {
    findings.wrong(
      path,
      'must be a loopback address, 127.x.x.x, [::1] or localhost, and a port from 1 to 65535: others could reach it over the network',
    )
  }
  return tcp
}

function socketOf(
  { daemon }: Configuration,
  table: string,
  file: string,
  keys: SocketKeys,
  findings: Findings,
): SocketSettings {
  const path = join(daemon.run, file)
  if (Buffer.byteLength(path) > LONGEST_PATH)
    findings.wrong(
      'daemon.run',
      `the path of a socket in it would have more than ${LONGEST_PATH} bytes; choose a shorter one`,
    )
  const mode = Number.parseInt(keys.mode, 8)
  if ((mode & OTHERS) !== 0)
    findings.wrong(
      `${table}.mode`,
      'must end in 0: who may open the socket is who it is for, and this opens it to everyone; use group',
    )
  return { path, mode, gid: gidOf(table, keys.group, daemon.group, findings) }
}

function gidOf(
  table: string,
  own: string | undefined,
  common: string | undefined,
  findings: Findings,
): number | null {
  const group = own ?? common
  if (group === undefined) return null
  const gid = groupId(group)
  if (gid === null)
    findings.wrong(
      own === undefined ? 'daemon.group' : `${table}.group`,
      'this host has no such group; make it with groupadd, or name another',
    )
  return gid
}
