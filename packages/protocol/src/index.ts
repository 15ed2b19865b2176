/** What the daemon and its clients say to one another. */
export { createAssertionCheck, AssertionSigner } from './lib/assertion.js'
export type { Assertion, AssertionKey } from './lib/assertion.js'
export { APP_HEADER, ASSERTION_HEADER, LOGIN_HEADER } from './lib/headers.js'
export { ADMIN_ROUTES, APP_ROUTES, CHECK_ROUTES, MONITOR_ROUTES } from './lib/routes.js'
export type { Door, Right, Route } from './lib/routes.js'
export type { ProblemCode } from './lib/problem-codes.js'
