export { session } from './lib/session.js'
export type { ExpressSessionOptions, SessionData, SessionDataOrAny } from './lib/session.js'
export { formToken } from './lib/form-token.js'
export type { FormTokenOptions } from './lib/form-token.js'
