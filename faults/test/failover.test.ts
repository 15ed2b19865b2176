// @waits
import { faultTest } from './lib/short.js'

// With the settings that promise durability; servers that HOLDFAST_REDIS and HOLDFAST_POSTGRES name.

faultTest(
  'a Cluster whose primaries are killed: what was acknowledged is kept',
  'redis',
  'Cluster: kill -9 of primaries',
)
faultTest(
  'a primary that Sentinels replace: what was acknowledged is kept',
  'redis',
  'Sentinel: kill -9 of the primary',
)
faultTest(
  'a PostgreSQL whose standby takes over: what was acknowledged is kept',
  'postgres',
  'failover, with a synchronous standby',
)
