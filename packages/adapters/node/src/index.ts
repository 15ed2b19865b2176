export { withSession } from './lib/with-session.js'
export type { SessionHandler, SessionHandlerOptions } from './lib/with-session.js'
export { fetchHandler } from './lib/fetch-handler.js'
export type { FetchHandler, FetchListener } from './lib/fetch-handler.js'
