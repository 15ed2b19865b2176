import { open } from 'lmdb'

// Takes the write lock of the folder that it is told, and keeps it until it is killed.

const [, , path = ''] = process.argv
const root = open(path, { noSubdir: false, maxDbs: 8, maxReaders: 512, mapSize: 2 ** 36 })
root.transactionSync(() => {
  process.send?.('held')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})
