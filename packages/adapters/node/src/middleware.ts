/** For adapters of frameworks that stand on node:http: the session of a request, committed before the headers leave. */
export { createNodeDoor } from './lib/door.js'
export type { NodeDoor, NodeDoorOptions } from './lib/door.js'
/** For sessions that another process holds: the same care of the response. */
export { ResponseGuard } from './lib/response-guard.js'
