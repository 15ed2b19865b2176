import { openEnvironment } from '../../src/lib/environment.js'

/** Takes the folder's write lock and keeps it until it is killed. */
const [, , path = ''] = process.argv
const environment = openEnvironment(path)
environment?.root.transactionSync(() => {
  process.send?.('locked')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})
