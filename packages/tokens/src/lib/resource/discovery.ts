import { fetchJson, trustedUrl } from './remote-json.js'

/** Where an issuer describes itself (RFC 8414 §3.1): the well-known part comes before the issuer's own path. */
export function metadataUrl(issuer: string): string {
  const url = trustedUrl(issuer)
  if (url.search !== '' || url.hash !== '') {
    throw new TypeError('issuer must have no query and no fragment')
  }
  const path = url.pathname === '/' ? '' : url.pathname
  return `${url.origin}/.well-known/oauth-authorization-server${path}`
}

/** Where an issuer publishes its keys. What describes another issuer is not believed (RFC 8414 §3.3). */
export async function discoverKeysUrl(issuer: string, timeout: number): Promise<string> {
  const url = metadataUrl(issuer)
  const { issuer: described, jwks_uri: keys } = await fetchJson(url, timeout)
  if (described !== issuer) throw new Error(`${url} describes another issuer`)
  if (typeof keys !== 'string') throw new Error(`${url} names no jwks_uri`)
  return keys
}
