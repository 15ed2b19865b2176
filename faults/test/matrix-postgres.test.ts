import { matrixTest } from './lib/matrix.js'

// On a PostgreSQL that HOLDFAST_POSTGRES names.

matrixTest('postgres', [
  'killed (kill -9)',
  'stopped (SIGSTOP)',
  'answers lost',
  'garbage as answer',
  'a standby in its place (in recovery)',
  'restarted: scripts and prepared statements gone',
])
