import { hash } from 'node:crypto'
import type { TokenClient } from '../grants/clients.js'
import type { Issuer } from '../grants/issuer.js'
import { readScope } from '../grants/scope.js'
import type { Routes } from './routes.js'

/** Seconds for which a resource server may keep the keys: a next key is published for longer than that before it signs. */
const KEEP = 300

/** A public document: cacheable, and not sent again to whoever has it. */
export function publish(request: Request, document: object, type = 'application/json'): Response {
  const body = JSON.stringify(document)
  const etag = `"${hash('sha256', body, 'base64url').slice(0, 22)}"`
  const headers = {
    'Cache-Control': `public, max-age=${KEEP}`,
    'Content-Type': type,
    ETag: etag,
    'X-Content-Type-Options': 'nosniff',
  }
  if (isKnown(request.headers.get('if-none-match'), etag))
    return new Response(null, { status: 304, headers })
  return new Response(request.method === 'HEAD' ? null : body, { headers })
}

/** RFC 9110 §13.1.2: a list of tags, compared weakly, or `*`. */
function isKnown(ifNoneMatch: string | null, etag: string): boolean {
  if (ifNoneMatch === null) return false
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.some((tag) => tag === '*' || tag === etag)
}

/** Authorization server metadata (RFC 8414 §2). */
export function metadataOf(issuer: Issuer, routes: Routes): object {
  const clients = [...issuer.clients.values()]
  const has = (type: TokenClient['type']): boolean => clients.some((each) => each.type === type)
  const secret = has('confidential') ? ['client_secret_basic', 'client_secret_post'] : []
  const methods = [...(has('browser') || has('native') ? ['none'] : []), ...secret]
  return {
    issuer: issuer.name,
    token_endpoint: routes.url('token'),
    revocation_endpoint: routes.url('revoke'),
    introspection_endpoint: routes.url('introspect'),
    jwks_uri: routes.url('jwks'),
    // There is no authorization endpoint: who may have tokens is decided by the application's own sign-in.
    response_types_supported: [],
    grant_types_supported: ['refresh_token'],
    scopes_supported: [...new Set(clients.flatMap(({ scope }) => readScope(scope) ?? []))],
    token_endpoint_auth_methods_supported: methods,
    revocation_endpoint_auth_methods_supported: methods,
    introspection_endpoint_auth_methods_supported: secret,
    dpop_signing_alg_values_supported: ['EdDSA', 'ES256', 'RS256'],
  }
}
