import { sealData, unsealData } from 'iron-session'
import { time } from '../harness/stopwatch.js'
import type { Figures, MeasureInput } from '../model.js'
import { subject } from '../harness/visitors.js'

const SEALS = 200

export async function measure({ scale, key: password }: MeasureInput): Promise<Figures> {
  const seals: string[] = []
  for (let index = 0; index < Math.min(SEALS, scale.sessions); index++)
    seals.push(await sealData({ subject: subject(index) }, { password }))
  let at = 0
  const { wall, cpu } = await time(scale, async (count) => {
    let found = 0
    for (let left = count; left > 0; left--) {
      const data = await unsealData<{ subject?: string }>(seals[at] ?? '', { password })
      at = at + 1 === seals.length ? 0 : at + 1
      if (data.subject === undefined) throw new Error('a wrong answer')
      found += data.subject.length
    }
    return found
  })
  return { wall, cpu }
}
