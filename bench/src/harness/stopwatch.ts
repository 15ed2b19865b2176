import { readFileSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import type { Scale } from '../model.js'

const BATCH = 2000

/** Microseconds per operation, by the clock and of CPU (all threads of the process). */
export interface Timing {
  readonly wall: number
  readonly cpu: number
  readonly operations: number
}

/**
 * Times `run(count)`, which performs `count` operations: first until it is warm, then for the time that the scale gives,
 * both in CPU time, so that a busy machine measures compiled code too. The event loop turns after each batch, so that what
 * operations leave to it (timers) is done and counted, as in a server. What it returns is added up, so that nothing can
 * be optimised away.
 */
export async function time(
  scale: Scale,
  run: (count: number) => number | Promise<number>,
): Promise<Timing> {
  let count = 1
  const until = async (ms: number): Promise<Timing> => {
    const cpu = cpuMicroseconds()
    const start = performance.now()
    let operations = 0
    let spent = 0
    do {
      const before = spent
      sink += await run(count)
      operations += count
      await turn()
      spent = cpuMicroseconds() - cpu
      if (spent - before < BATCH) count *= 2
    } while (spent < ms * 1000)
    const wall = ((performance.now() - start) * 1000) / operations
    return { wall, cpu: spent / operations, operations }
  }
  await until(scale.warmUpMs)
  // A batch must not outlast the measurement by much.
  count = Math.max(1, count >> 3)
  return until(scale.measureMs)
}

function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** Never read; it keeps the compiler from dropping work whose result nobody uses. */
let sink = 0

/** Nanoseconds that the main thread has spent on a core, from the kernel: the same on every Node version. */
export function mainThreadNanoseconds(): number {
  const text = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1')
  return Number(text.split(' ')[0])
}
