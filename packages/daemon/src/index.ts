export { createAssertionKeys } from './lib/assertion-keys.js'
export { createCheckDoor } from './lib/check/door.js'
export type { Control, DaemonParts, DaemonStatus, Door, KeyList } from './lib/parts.js'
export type {
  AppSettings,
  CheckSettings,
  LimitSettings,
  Settings,
  SocketSettings,
  StoreSettings,
  TcpSettings,
} from './lib/settings.js'
