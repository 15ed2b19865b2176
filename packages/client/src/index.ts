export { connectAdmin } from './lib/admin.js'
export type {
  AdminClient,
  DaemonEvent,
  DaemonStatus,
  KeyList,
  RevokeTarget,
  SessionInfo,
} from './lib/admin.js'
export { connectApp } from './lib/app.js'
export type {
  AppClient,
  AssertionKeys,
  Authentication,
  LoadedSession,
  Reauthentication,
  SessionCreation,
  SessionPatch,
  VisitorHeaders,
  VisitorSession,
} from './lib/app.js'
export type { ConnectOptions, DaemonAddress } from './lib/connection.js'
export { DaemonError } from './lib/errors.js'
export type { ClientErrorCode } from './lib/errors.js'
export { createAssertionReader } from './lib/assertions.js'
export type { AssertionReader } from './lib/assertions.js'
