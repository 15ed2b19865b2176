import type { KeyObject } from 'node:crypto'
import type { Sessions } from '@holdfast/core'
import {
  createKeySet,
  createTokens,
  generateSigningKey,
  signAccessToken,
  type KeySet,
  type SigningAlgorithm,
  type SigningKey,
  type Tokens,
} from '@holdfast/tokens'
import { subject } from '../harness/visitors.js'
import type { Scale } from '../model.js'

export const ISSUER = 'https://id.example'
export const AUDIENCE = 'https://api.example'
export const CLIENT = 'app'

const TOKENS = 2000
const LIFETIME = 3600

export interface AccessTokens {
  readonly algorithm: SigningAlgorithm
  readonly keys: KeySet
  readonly publicKey: KeyObject
  readonly tokens: readonly string[]
}

/** Access tokens as they are issued, each another, under one key. */
export function accessTokens(algorithm: SigningAlgorithm, scale: Scale): AccessTokens {
  const key = generateSigningKey(algorithm)
  const iat = Math.floor(Date.now() / 1000)
  const claim = (index: number): string => String(index).padStart(22, '0')
  const tokens = Array.from({ length: Math.min(TOKENS, scale.sessions) }, (_, index) => {
    const ids = { sid: claim(index), gid: claim(index).slice(14), jti: claim(index) }
    const who = { iss: ISSUER, sub: subject(index), aud: AUDIENCE, client_id: 'spa', scope: 'read' }
    return signAccessToken(key, { ...who, ...ids, iat, exp: iat + LIFETIME })
  })
  // In one piece, as strings from the network are.
  const flat = tokens.map((token) => Buffer.from(token, 'latin1').toString('latin1'))
  return { algorithm, keys: createKeySet([key]), publicKey: key.publicKey, tokens: flat }
}

/** The issuer of an application's tokens, for one client. */
export function issuerOf<Data extends object>(sessions: Sessions<Data>, key: SigningKey): Tokens {
  return createTokens(sessions, {
    issuer: ISSUER,
    audience: AUDIENCE,
    keys: createKeySet([key]),
    clients: [{ id: CLIENT, type: 'native', scope: 'read' }],
  })
}

export function algorithmOf(variant: string): SigningAlgorithm {
  if (variant === 'EdDSA' || variant === 'ES256' || variant === 'RS256') return variant
  throw new TypeError(`no algorithm ${variant}`)
}

/** Runs `check` over the items in turn, for as many operations as it is told. */
export function inTurn<Item>(
  items: readonly Item[],
  check: (item: Item) => number,
): (count: number) => number {
  let at = 0
  return (count) => {
    let found = 0
    for (let left = count; left > 0; left--) {
      const item = items[at]
      if (item === undefined) throw new Error('there is nothing to check')
      at = at + 1 === items.length ? 0 : at + 1
      found += check(item)
    }
    return found
  }
}
