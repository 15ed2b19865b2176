import { lmdbStore } from '@holdfast/lmdb'
import { signIn } from '../harness/visitors.js'
import type { Figures, MeasureInput } from '../model.js'
import { fileSize } from './file-size.js'
import { manager } from './setup.js'

const ROUNDS = 8
const HOUR = 3_600_000

/** Generation after generation of sessions is made and swept: does the file grow for ever? */
export async function measure(input: MeasureInput): Promise<Figures> {
  let now = Date.now()
  const options = { clock: () => now, sweepInterval: Infinity }
  const sessions = manager(input, lmdbStore(input.folder), options)
  const sizes: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    await signIn(sessions, input.count, () => undefined)
    sizes.push(fileSize(input.folder))
    now += 2 * HOUR
    await sessions.sweep()
  }
  await sessions.close()
  const [first = NaN] = sizes
  const third = sizes[2] ?? NaN
  const last = sizes.at(-1) ?? NaN
  return { bytes: first / input.count, growth: last / first, late: last / third }
}
