import type { JsonWebKey } from 'node:crypto'
import type { jwks as jwksShape, Output } from '@holdfast/protocol/shapes'
import { Problem } from './http/problem.js'
import type { DaemonParts } from './parts.js'

/** The published keys (RFC 7517 §5) of whoever signs access tokens. */
export type PublicKeys = () => { readonly keys: readonly JsonWebKey[] }

/** The keys as an answer. Throws a problem where none are configured. */
export function publicKeys({ jwks }: Pick<DaemonParts, 'jwks'>): Output<typeof jwksShape> {
  if (jwks === null) {
    const detail = 'no signing keys are configured; signing_keys in [tokens] names their folder'
    throw new Problem(404, 'ERR_DAEMON_NOT_FOUND', detail)
  }
  return {
    keys: jwks().keys.map(({ kty = '', kid, ...key }) => ({ ...key, kty, kid: String(kid) })),
  }
}
