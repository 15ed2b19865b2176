import { memoryStore } from '@holdfast/memory'
import { isPromise } from '@holdfast/core/engine'
import { time } from '../harness/stopwatch.js'
import type { Figures, MeasureInput } from '../model.js'
import { manager, tokensOf } from './setup.js'

/** `sessions.resolve(token)` of tokens seen before: no header, but the session that applications get. */
export async function measure(input: MeasureInput): Promise<Figures> {
  const sessions = manager(input, memoryStore())
  const tokens = await tokensOf(sessions, input.count)
  let at = 0
  const resolve = (count: number): number => {
    let found = 0
    for (let left = count; left > 0; left--) {
      const resolution = sessions.resolve(tokens[at] ?? '')
      at = at + 1 === tokens.length ? 0 : at + 1
      if (isPromise(resolution) || resolution.status !== 'active') throw new Error('a wrong answer')
      found += resolution.session.subject?.length ?? 0
    }
    return found
  }
  resolve(tokens.length)
  const { wall, cpu } = await time(input.scale, resolve)
  await sessions.close()
  return { wall, cpu }
}
