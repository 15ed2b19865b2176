/** Bytes of heap and of what it refers to outside, once garbage is gone. Needs `--expose-gc`. */
export function inUse(): number {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc')
  for (let times = 0; times < 4; times++) globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
