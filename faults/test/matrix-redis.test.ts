import { matrixTest } from './lib/matrix.js'

// On a redis-server that HOLDFAST_REDIS names.

matrixTest('redis', [
  'killed (kill -9)',
  'stopped (SIGSTOP)',
  'answers lost',
  'garbage as answer',
  'memory exhausted (OOM)',
  'a replica in its place (READONLY)',
  'scripts flushed again and again',
])
