/** For transports (http, adapters): what stands between a request and the public `Session`. */
export { Session } from './lib/session.js'
export { OpenSession } from './lib/open-session.js'
export type { CookieAction } from './lib/client-token.js'
export { NoRequest } from './lib/engine.js'
export type { RequestFacts } from './lib/engine.js'
export { TokenKeys } from './lib/token.js'
export { andThen, isPromise } from './lib/maybe-promise.js'
