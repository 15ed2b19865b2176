/** For applications in Node that stand behind the daemon. */
export { daemonSession } from './lib/middleware/middleware.js'
export type { DaemonMiddleware, DaemonSessionOptions } from './lib/middleware/middleware.js'
export { DaemonSession } from './lib/middleware/daemon-session.js'
export type { DaemonScope } from './lib/middleware/daemon-session.js'
