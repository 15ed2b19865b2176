// @waits
import assert from 'node:assert/strict'
import { faultTest } from './lib/short.js'

// On a redis-server that HOLDFAST_REDIS names.

faultTest('kill -9 of Redis: what was acknowledged is kept', 'redis', 'kill -9 and restart')
faultTest('a Redis that stands still: every request is refused', 'redis', 'pause (SIGSTOP)')
faultTest('cut connections: every request is refused, and then served again', 'redis', 'cut')
faultTest('a Redis that lost everything accepts nothing revoked', 'redis', 'restart empty-handed')
faultTest(
  'without pushed changes a revoked session ends within 5 s',
  'redis',
  'push channel dropped, then silent for 7 s',
)
faultTest(
  'a Redis that promises nothing is shown to lose',
  'redis',
  'forgetful: kill -9, snapshots only',
  {
    // So many that it loses of each kind.
    effort: { workers: 3, pause: 30 },
    judge({ violations }) {
      const kinds = new Set(violations.map(({ kind }) => kind))
      assert.ok(kinds.has('revoked session accepted'), 'a revocation was forgotten')
      assert.ok(kinds.has('acknowledged sign-in lost'), 'a sign-in was forgotten')
    },
  },
)
faultTest(
  'node-redis over cut connections: every request is refused, and then served again',
  'redis',
  'cut',
  { driver: 'node-redis' },
)
