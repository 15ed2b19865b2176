/** For adapters: one request in, one session, one set of response headers out. */
export { chooseToken, createTransport } from './lib/transport.js'
export type { Choice, IncomingRequest, Transport, TransportOptions } from './lib/transport.js'
export { FetchRequest } from './lib/fetch-request.js'
export { sessionHeaders } from './lib/session-headers.js'
export type { CurrentHeaders, SessionHeaders } from './lib/session-headers.js'
export { statusOf } from './lib/status.js'
export { checkFormToken } from './lib/form-token.js'
