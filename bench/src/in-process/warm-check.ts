import { lmdbStore } from '@holdfast/lmdb'
import { memoryStore } from '@holdfast/memory'
import { time } from '../harness/stopwatch.js'
import type { Figures, MeasureInput } from '../model.js'
import { checkLoop } from './check-loop.js'
import { manager, shuffledHeaders, tokensOf } from './setup.js'

/** Tokens that this process has seen before. On lmdb the record is read all the same: it has no push. */
export async function measure(input: MeasureInput): Promise<Figures> {
  const store = input.variant === 'lmdb' ? lmdbStore(input.folder) : memoryStore()
  const sessions = manager(input, store)
  const headers = shuffledHeaders(await tokensOf(sessions, input.count))
  const check = checkLoop(sessions, headers, 'active')
  check(headers.length)
  const { wall, cpu } = await time(input.scale, check)
  await sessions.close()
  return { wall, cpu }
}
