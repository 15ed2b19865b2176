import { memoryStore } from '@holdfast/memory'
import { signIn } from '../harness/visitors.js'
import type { Figures, MeasureInput } from '../model.js'
import { inUse } from './memory-use.js'
import { manager } from './setup.js'

export async function measure(input: MeasureInput): Promise<Figures> {
  const sessions = manager(input, memoryStore(), { client: { address: 'full' } })
  await signIn(sessions, 100, () => undefined)
  const before = inUse()
  await signIn(sessions, input.count, () => undefined)
  const bytes = (inUse() - before) / input.count
  await sessions.close()
  return { bytes }
}
