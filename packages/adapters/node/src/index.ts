export { withSession } from './lib/with-session.js'
export type { SessionHandler, SessionHandlerOptions } from './lib/with-session.js'
