import type { JsonWebKey } from 'node:crypto'
import { fileKeySet } from '@holdfast/tokens'
import type { jwks as jwksShape, Output } from '@holdfast/protocol/shapes'
import type { Reply } from './http/operations.js'
import { Problem } from './http/problem.js'
import type { Settings } from './settings.js'
import type { DaemonParts } from './parts.js'

/** The published keys (RFC 7517 §5) of whoever signs access tokens. */
export type PublicKeys = () => { readonly keys: readonly JsonWebKey[] }

/** Whoever verifies may keep them this long: a next key is published for longer before it signs. */
const KEPT = { 'Cache-Control': 'public, max-age=300' } as const

/** The keys in the folder of the settings, as it changes; null where there is none. Throws `TokenError` for one that is not safe. */
export function openPublicKeys({ signingKeys }: Pick<Settings, 'signingKeys'>): PublicKeys | null {
  if (signingKeys === null) return null
  const keys = fileKeySet(signingKeys)
  return () => keys.jwks()
}

/** The keys as an answer. Throws a problem where none are configured. */
export function publicKeys({ jwks }: Pick<DaemonParts, 'jwks'>): Reply<Output<typeof jwksShape>> {
  if (jwks === null) {
    const detail = 'no signing keys are configured; signing_keys in [tokens] names their folder'
    throw new Problem(404, 'ERR_DAEMON_NOT_FOUND', detail)
  }
  const keys = jwks().keys.map(({ kty = '', kid, ...key }) => ({ ...key, kty, kid: String(kid) }))
  return { body: { keys }, headers: KEPT }
}
