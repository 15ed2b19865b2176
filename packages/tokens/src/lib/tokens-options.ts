import { SessionError } from '@holdfast/core'
import type { TransportOptions } from '@holdfast/http/transport'
import { LONGEST_LIFE } from './access/read-claims.js'
import { readClients, type TokenClient, type TokenClientOptions } from './grants/clients.js'
import type { KeySet } from './keys/key-set.js'
import { checkOptions, textOption, wholeOption } from './options.js'

/** Options of {@link createTokens}. Durations are milliseconds. */
export interface TokensOptions {
  /** This issuer's name, an `https:` URL without query, fragment and final slash: the `iss` of access tokens (RFC 8414 §2). */
  readonly issuer: string
  /** Whom access tokens are for: their `aud`. */
  readonly audience: string
  /** The keys that sign access tokens. */
  readonly keys: KeySet
  /** The clients that may be given tokens. */
  readonly clients: readonly TokenClientOptions[]
  /** How long an access token lives; at most an hour. Default 5 min. */
  readonly accessTokenLifetime?: number
  /** Whether a refresh moves the idle deadline, where the client does not say that its user was idle. Default `true`. */
  readonly refreshCountsAsActivity?: boolean
  /** Whether DPoP proofs at the token endpoints need a nonce of this server (RFC 9449 §8). Default `true`. */
  readonly dpopNonce?: boolean
  /** How strong an authentication by these methods was: the `acr` of access tokens (RFC 9470). Default: not said. */
  readonly acr?: (methods: readonly string[]) => string | undefined
  /** Path below which the endpoints are, without final slash. Default `/auth`. */
  readonly basePath?: string
  /** How the endpoints read requests and the session cookie: the same as the application's door. Default: as every door. */
  readonly transport?: TransportOptions
}

/** {@link TokensOptions} with defaults filled in. */
export interface TokensRules {
  readonly issuer: string
  readonly audience: string
  readonly keys: KeySet
  readonly clients: ReadonlyMap<string, TokenClient>
  readonly accessTokenLifetime: number
  readonly refreshCountsAsActivity: boolean
  readonly dpopNonce: boolean
  readonly acr: ((methods: readonly string[]) => string | undefined) | null
  readonly basePath: string
  readonly transport: TransportOptions
}

const NAMES =
  'issuer audience keys clients accessTokenLifetime refreshCountsAsActivity dpopNonce acr basePath transport'

/** Checks the options. Throws `TypeError` for a wrong type or name, `ERR_SESSION_CONFIG` for a wrong value. */
export function readTokensOptions(options: TokensOptions): TokensRules {
  checkOptions(options, NAMES.split(' '))
  const { keys, acr, transport = {}, basePath = '/auth' } = options
  const { refreshCountsAsActivity = true, dpopNonce = true } = options
  if (typeof keys !== 'object' || keys === null || typeof keys.find !== 'function')
    throw new TypeError('keys must be a key set, such as createKeySet() gives')
  if (acr !== undefined && typeof acr !== 'function') throw new TypeError('acr must be a function')
  for (const [name, value] of Object.entries({ refreshCountsAsActivity, dpopNonce }))
    if (typeof value !== 'boolean') throw new TypeError(`${name} must be true or false`)
  if (typeof basePath !== 'string') throw new TypeError('basePath must be a string')
  if (!/^(?:\/[A-Za-z0-9._~-]+)*$/.test(basePath))
    throw config("basePath must be a path such as '/auth', without final slash")
  const lifetime = options.accessTokenLifetime ?? 300_000
  return {
    issuer: readIssuer(options.issuer, transport.development === true),
    audience: textOption(options.audience, 'audience'),
    keys,
    clients: readClients(options.clients),
    accessTokenLifetime: wholeOption(lifetime, 'accessTokenLifetime', 1000, LONGEST_LIFE * 1000),
    refreshCountsAsActivity,
    dpopNonce,
    acr: acr ?? null,
    basePath,
    transport,
  }
}

function readIssuer(issuer: string, development: boolean): string {
  const url = parseUrl(textOption(issuer, 'issuer'))
  const loopback = url !== null && /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname)
  const secure = url?.protocol === 'https:' || (development && loopback && url.protocol === 'http:')
  // Compared as text wherever it is used, so it has one spelling.
  const canonical = url === null ? '' : `${url.origin}${url.pathname}`.replace(/\/$/, '')
  if (secure && issuer === canonical) return issuer
  throw config(
    'issuer must be an https URL as a browser writes it, without query, fragment and final slash',
  )
}

function parseUrl(text: string): URL | null {
  try {
    return new URL(text)
  } catch {
    return null
  }
}

function config(message: string): SessionError {
  return new SessionError('ERR_SESSION_CONFIG', message)
}
