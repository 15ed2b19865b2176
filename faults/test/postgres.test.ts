import { faultTest } from './lib/short.js'

// On a PostgreSQL that HOLDFAST_POSTGRES names.

faultTest('kill -9 of PostgreSQL: what was acknowledged is kept', 'postgres', 'kill -9 and restart')
faultTest('a PostgreSQL that stands still: every request is refused', 'postgres', 'pause (SIGSTOP)')
faultTest('cut connections: every request is refused, and then served again', 'postgres', 'cut')
faultTest('an empty database accepts nothing revoked', 'postgres', 'restart empty-handed')
faultTest(
  'without LISTEN a revoked session ends within 5 s',
  'postgres',
  'push channel dropped, then silent for 7 s',
)
faultTest(
  'postgres.js over cut connections: every request is refused, and then served again',
  'postgres',
  'cut',
  { driver: 'postgres.js' },
)
