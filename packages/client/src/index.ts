export { connectAdmin } from './lib/admin.js'
export type { AdminClient, DaemonEvent, DaemonStatus, KeyList, RevokeTarget } from './lib/admin.js'
export { connectApp } from './lib/app.js'
export type {
  Activity,
  AppClient,
  AssertionKeys,
  Authentication,
  LoadedSession,
  PublicKeys,
  Reauthentication,
  SessionCreation,
  SessionPatch,
  VisitorHeaders,
  VisitorSession,
} from './lib/app.js'
export type { DaemonAddress } from './lib/address.js'
export type { ConnectOptions } from './lib/connection.js'
export { DaemonError } from './lib/errors.js'
export type { ClientErrorCode } from './lib/errors.js'
export type { SessionInfo } from './lib/sessions.js'
export { createAssertionReader } from './lib/assertions.js'
export type { AssertionReader, AssertionReaderOptions } from './lib/assertions.js'
