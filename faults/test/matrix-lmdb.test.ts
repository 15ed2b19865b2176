import { matrixTest } from './lib/matrix.js'

matrixTest('lmdb', [
  'another process stopped in the midst of a write',
  'other processes killed in the midst of a write',
])
