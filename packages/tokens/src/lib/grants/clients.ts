import { hash } from 'node:crypto'
import { SessionError } from '@holdfast/core'
import { constantTimeEqual } from '@holdfast/core/engine'
import { checkOptions, originOption, textOption, wholeOption } from '../options.js'
import { readScope } from './scope.js'

/** One client: an application that is given tokens on its users' sessions. */
export interface TokenClientOptions {
  /** Public name of the client, as `client_id`. 1 to 64 of `A-Z`, `a-z`, `0-9`, `.`, `_`, `-`. */
  readonly id: string
  /**
   * How the client keeps its refresh token: `browser` in a cookie that no script can read, `native` by itself, without a
   * secret of its own, `confidential` by itself, on a server that proves itself by a secret.
   */
  readonly type: 'browser' | 'native' | 'confidential'
  /** All that the client may ask for, space-separated. Default: none. */
  readonly scope?: string
  /** Secrets of a `confidential` client, newest first: each is accepted. At least 32 characters. */
  readonly secrets?: readonly string[]
  /** Whether the client may ask the introspection endpoint about tokens. Only `confidential`. Default `false`. */
  readonly introspection?: boolean
  /** Whether the client may, or must, bind its tokens to a key of its own (RFC 9449). Default `allowed`. */
  readonly dpop?: 'allowed' | 'required'
  /** Milliseconds after which the client must be given a new grant, if its session lives that long. Default: as long as the session. */
  readonly lifetime?: number
  /** Name of the refresh cookie of a `browser` client; begins with `__Host-`. Default `__Host-refresh`. */
  readonly cookie?: string
  /**
   * Origins of the client's pages, beside the issuer's own, each exactly as a browser writes it, such as
   * `https://app.example`: the endpoints let their scripts read what they answer (CORS), cookies included. HTTPS, except on
   * loopback; not for `confidential` clients. Default: none.
   */
  readonly origins?: readonly string[]
}

/** {@link TokenClientOptions} with defaults filled in; secrets as hashes. */
export interface TokenClient {
  readonly id: string
  readonly type: TokenClientOptions['type']
  readonly scope: string
  readonly secretHashes: readonly string[]
  readonly introspection: boolean
  readonly requiresDpop: boolean
  readonly lifetime: number
  readonly cookie: string
  readonly origins: readonly string[]
}

const NAMES = 'id type scope secrets introspection dpop lifetime cookie origins'.split(' ')
const LEAST_SECRET = 32
const DEFAULT_COOKIE = '__Host-refresh'
/** One host, no wildcard. What is not encrypted may be anybody's page by the time it arrives, except on this machine. */
const PAGE_ORIGIN =
  /^(?:https:\/\/(?:[a-z0-9._-]+|\[[0-9a-f:]+\])|http:\/\/(?:localhost|127\.0\.0\.1|\[::1\]))(?::\d+)?$/

/** Checks the clients. Throws `TypeError` for a wrong type, `ERR_SESSION_CONFIG` for a wrong value; no message holds a secret. */
export function readClients(
  clients: readonly TokenClientOptions[],
): ReadonlyMap<string, TokenClient> {
  if (!Array.isArray(clients)) throw new TypeError('clients must be an array')
  const byId = new Map<string, TokenClient>()
  const cookies = new Set<string>()
  for (const [index, options] of clients.entries()) {
    const client = readClient(options, `clients[${index}]`)
    if (byId.has(client.id)) throw config(`clients has '${client.id}' twice`)
    if (client.type === 'browser') {
      if (cookies.has(client.cookie))
        throw config(`clients[${index}].cookie is another client's; give each a name of its own`)
      cookies.add(client.cookie)
    }
    byId.set(client.id, client)
  }
  return byId
}

function readClient(options: TokenClientOptions, path: string): TokenClient {
  checkOptions(options, NAMES)
  const id = textOption(options.id, `${path}.id`)
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(id))
    throw config(`${path}.id must be 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-'`)
  const { type, scope = '', introspection = false, dpop = 'allowed' } = options
  if (!['browser', 'native', 'confidential'].includes(type))
    throw new TypeError(`${path}.type must be 'browser', 'native' or 'confidential'`)
  if (!['allowed', 'required'].includes(dpop))
    throw new TypeError(`${path}.dpop must be 'allowed' or 'required'`)
  if (typeof introspection !== 'boolean')
    throw new TypeError(`${path}.introspection must be true or false`)
  if (introspection && type !== 'confidential')
    throw config(`${path}.introspection needs a confidential client`)
  if (typeof scope !== 'string') throw new TypeError(`${path}.scope must be a string`)
  const words = readScope(scope)
  if (words === null)
    throw config(`${path}.scope must be words of printable ASCII, one space between them`)
  const { lifetime } = options
  return {
    id,
    type,
    scope: words.join(' '),
    secretHashes: readSecrets(options, path),
    introspection,
    requiresDpop: dpop === 'required',
    lifetime:
      lifetime === undefined
        ? Infinity
        : wholeOption(lifetime, `${path}.lifetime`, 1000, Number.MAX_SAFE_INTEGER),
    cookie: readCookieName(options, path),
    origins: readOrigins(options, path),
  }
}

function readSecrets({ type, secrets = [] }: TokenClientOptions, path: string): readonly string[] {
  if (!Array.isArray(secrets) || !secrets.every((each) => typeof each === 'string'))
    throw new TypeError(`${path}.secrets must be an array of strings`)
  if ((type === 'confidential') !== secrets.length > 0)
    throw config(`${path}.secrets: a confidential client needs one, and no other client has any`)
  for (const [index, secret] of secrets.entries()) {
    if (secret.length < LEAST_SECRET || new Set(secret).size < 8)
      throw config(
        `${path}.secrets[${index}] must be random and have at least ${LEAST_SECRET} characters`,
      )
  }
  return secrets.map(secretHash)
}

function readCookieName({ type, cookie }: TokenClientOptions, path: string): string {
  if (cookie === undefined) return DEFAULT_COOKIE
  if (type !== 'browser') throw config(`${path}.cookie needs a browser client`)
  if (typeof cookie !== 'string') throw new TypeError(`${path}.cookie must be a string`)
  if (!cookie.startsWith('__Host-'))
    throw config(`${path}.cookie must begin with __Host-: any other a sibling host could overwrite`)
  return cookie
}

function readOrigins({ type, origins = [] }: TokenClientOptions, path: string): readonly string[] {
  if (!Array.isArray(origins)) throw new TypeError(`${path}.origins must be an array`)
  if (type === 'confidential' && origins.length > 0)
    throw config(`${path}.origins: a confidential client has no pages`)
  for (const [index, origin] of origins.entries()) {
    const name = `${path}.origins[${index}]`
    originOption(textOption(origin, name), name)
    if (!PAGE_ORIGIN.test(origin)) throw config(`${name} must be one https origin`)
  }
  return origins
}

/** Whether this is one of the client's secrets: compared as hashes, in constant time, each of them. */
export function isSecretOf(client: TokenClient, secret: string): boolean {
  const presented = secretHash(secret)
  return client.secretHashes.filter((each) => constantTimeEqual(each, presented)).length > 0
}

/** A secret is random, so that one round of SHA-256 keeps it (ASVS 6.5.2). */
function secretHash(secret: string): string {
  return hash('sha256', secret, 'base64url')
}

function config(message: string): SessionError {
  return new SessionError('ERR_SESSION_CONFIG', message)
}
