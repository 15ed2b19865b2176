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
export { describeConfiguration } from './lib/config/describe.js'
export { DEFAULT_FILE, loadSettings } from './lib/config/load.js'
export type { ConfigPlace, Loaded } from './lib/config/load.js'
export { problemLine } from './lib/config/problem.js'
export type { Place, Problem } from './lib/config/problem.js'
export type { AppConfiguration, Configuration } from './lib/config/shape.js'
export { serve } from './lib/serve.js'
export type { ServeOptions } from './lib/serve.js'
