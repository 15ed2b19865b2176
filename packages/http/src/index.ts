export { longestAuthorization, readBearer } from './lib/bearer.js'
export { mergeVary, sessionCacheControl } from './lib/cache-headers.js'
export { resolveCookie } from './lib/cookie-policy.js'
export type {
  CookieOptions,
  CookiePolicy,
  CookieVariant,
  ResolveCookieContext,
  SameSite,
} from './lib/cookie-policy.js'
export { longestCookieHeader, mostCookiesOfOneName, readCookies } from './lib/cookie-read.js'
export { expireCookie, longestCookie, longestMaxAge, serializeCookie } from './lib/cookie-write.js'
export type { ExpireCookieOptions, SerializeCookieOptions } from './lib/cookie-write.js'
export { malformed } from './lib/header-value.js'
export type { HeaderValue, Presented } from './lib/header-value.js'
export { isSimpleContentType } from './lib/media-type.js'
export { createOriginCheck, isSafeMethod } from './lib/origin.js'
export type {
  OriginCheckOptions,
  OriginDecision,
  OriginRefusal,
  OriginRequest,
} from './lib/origin.js'
export type { Scheme } from './lib/origin-value.js'
export { createProxyTrust } from './lib/proxy.js'
export type { ClientConnection, ProxyRequest, ProxyTrustOptions } from './lib/proxy.js'
export { safeReturnTo } from './lib/return-to.js'
export { clearSiteData, securityHeaders } from './lib/security-headers.js'
export type { ClearSiteDataType, SecurityHeadersOptions } from './lib/security-headers.js'
export { fetchSessions } from './lib/fetch.js'
export type { Open, OpenedRequest } from './lib/fetch.js'
export type { ConnectionInfo } from './lib/fetch-request.js'
export { withSession } from './lib/with-session.js'
export type { FetchSessionHandler, FetchSessionOptions } from './lib/with-session.js'
