import { monitorEventLoopDelay } from 'node:perf_hooks'
import { lmdbStore } from '@holdfast/lmdb'
import { memoryStore } from '@holdfast/memory'
import type { Sessions } from '@holdfast/core'
import { mainThreadNanoseconds } from '../harness/stopwatch.js'
import { signIn } from '../harness/visitors.js'
import type { Figures, MeasureInput } from '../model.js'
import { manager, requireFixture } from './setup.js'

const RESOLUTION = 1
const HOUR = 3_600_000

/** Sets the clock to when `count` of the stored sessions have expired, and sweeps. */
export async function measure(input: MeasureInput): Promise<Figures> {
  const { sessions, at } = input.variant.startsWith('lmdb') ? onLmdb(input) : await inMemory(input)
  at(input.count)
  await new Promise((resolve) => {
    setTimeout(resolve, 20)
  })
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION })
  delays.enable()
  const loop = mainThreadNanoseconds()
  const start = performance.now()
  const deleted = await sessions.sweep()
  const total = performance.now() - start
  const spent = mainThreadNanoseconds() - loop
  await new Promise((resolve) => {
    setTimeout(resolve, 5)
  })
  delays.disable()
  await sessions.close()
  const longest = Math.max(0, delays.max / 1e6 - RESOLUTION)
  return { total, each: (total * 1000) / deleted, loop: spent / 1000 / deleted, longest, deleted }
}

interface Prepared {
  readonly sessions: Sessions<Record<string, string>>
  /** Moves the clock to the instant at which so many have expired. */
  readonly at: (expired: number) => void
}

function onLmdb(input: MeasureInput): Prepared {
  const { folder, start, step } = requireFixture(input.fixture)
  let now = start
  const options = { clock: () => now, sweepInterval: Infinity }
  return {
    sessions: manager(input, lmdbStore(folder), options),
    at: (expired) => {
      now = start + HOUR + expired * step
    },
  }
}

async function inMemory(input: MeasureInput): Promise<Prepared> {
  const { scale } = input
  const stored = input.variant === 'memory-few' ? scale.storedFew : scale.stored
  const start = Date.now()
  const step = HOUR / 2 / stored
  let made = 0
  let later = 0
  const clock = (): number => start + later + made * step
  const sessions = manager(input, memoryStore(), { clock, sweepInterval: Infinity })
  await signIn(sessions, stored, () => {
    made += 1
  })
  return {
    sessions,
    at: (expired) => {
      later = HOUR + (expired - stored) * step
    },
  }
}
