import { isIP } from 'node:net'
import { UsageError } from '../command.js'

/** One application behind the site. */
export interface SiteApp {
  /** As the daemon knows it. */
  readonly name: string
  /** Where it begins: a path that ends with a slash, or all of the site. */
  readonly path: string
  /** What nginx calls a server: `unix:/path` or `host:port`. */
  readonly server: string
}

/** What a site's configuration is made of. */
export interface Site {
  readonly domains: readonly [string, ...string[]]
  /** The first is for what no other location is said for. */
  readonly apps: readonly [SiteApp, ...SiteApp[]]
  /** Paths that everybody may see; who is signed in is known there too. */
  readonly open: readonly string[]
  /** Where the daemon's check socket is. */
  readonly socket: string
  readonly certificate: string
  readonly certificateKey: string
  readonly httpPort: number
  readonly httpsPort: number
  /** Folder of the cache of checks; null for none. */
  readonly cache: string | null
}

const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/
const NAME = /^[a-z][a-z0-9-]{0,31}$/
const PATH = /^\/(?:[\w.~-]+(?:\/[\w.~-]+)*\/?)?$/
/** nginx never sees them in an address, and where it asks the daemon nothing else can stand. */
const NO_PATH = /\/\.{1,2}(?:\/|$)|^\/\.holdfast(?:\/|$)/
const FILE = /^\/[\w.~/-]+$/

/** Reads a domain. What is none could write directives of its own into the configuration. */
export function readDomain(text: string): string {
  const domain = text.toLowerCase()
  if (domain.length <= 253 && domain.split('.').every((label) => LABEL.test(label))) return domain
  throw new UsageError(`--domain takes a name such as shop.example; got '${text}'.`)
}

/** Reads NAME=PATH=UPSTREAM. */
export function readApp(text: string): SiteApp {
  const [name = '', path = '', ...rest] = text.split('=')
  const server = readServer(rest.join('='))
  if (NAME.test(name) && isPath(path) && server !== null)
    return { name, path: path.endsWith('/') ? path : `${path}/`, server }
  throw new UsageError(
    `--app takes NAME=PATH=UPSTREAM, such as shop=/=http://127.0.0.1:3000 or admin=/admin/=unix:/run/admin.sock; got '${text}'.`,
  )
}

/** Reads a path of the site. */
export function readPath(text: string, option: string): string {
  if (isPath(text)) return text
  throw new UsageError(`${option} takes a path such as /login; got '${text}'.`)
}

/** Reads the absolute name of a file, a folder or a socket. */
export function readFileName(text: string, option: string): string {
  if (FILE.test(text) && !text.includes('..')) return text
  throw new UsageError(
    `${option} takes an absolute path of letters, digits and . _ - ~; got '${text}'.`,
  )
}

export function readPort(text: string, option: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw new UsageError(`${option} takes a port from 1 to 65535; got '${text}'.`)
}

function isPath(text: string): boolean {
  return PATH.test(text) && !NO_PATH.test(text)
}

function readServer(text: string): string | null {
  if (text.startsWith('unix:')) return FILE.test(text.slice(5)) ? text : null
  const match = /^(?:http:\/\/)?(\[[\da-f:]+\]|[\w.-]+):(\d{1,5})\/?$/i.exec(text)
  const [, host = '', port = ''] = match ?? []
  if (match === null || Number(port) > 65_535 || Number(port) === 0) return null
  const address = host.startsWith('[') ? host.slice(1, -1) : host
  const known = isIP(address) > 0 || address.split('.').every((label) => LABEL.test(label))
  return known ? `${host}:${port}` : null
}
