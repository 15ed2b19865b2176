export { createAssertionKeys } from './lib/assertion-keys.js'
export { createCheckDoor } from './lib/check/door.js'
export { createAdminDoor } from './lib/admin/door.js'
export { createAppDoor } from './lib/app/door.js'
export { openAuditLog } from './lib/audit/audit-log.js'
export type { AuditLog } from './lib/audit/audit-log.js'
export { createMetrics, metricsTextOf } from './lib/metrics/metrics.js'
export type { CheckResult } from './lib/metrics/check-counts.js'
export type { Metrics, MetricsReport } from './lib/metrics/metrics.js'
export { createMonitorDoor } from './lib/monitor/door.js'
export type { Control, DaemonParts, DaemonStatus, Door, EventSource, KeyList } from './lib/parts.js'
export { openPublicKeys } from './lib/public-keys.js'
export type { PublicKeys } from './lib/public-keys.js'
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
export { checkConfig } from './lib/check-config.js'
export type { ConfigReport } from './lib/check-config.js'
