import { sign, unsign } from 'cookie-signature'
import { time } from '../harness/stopwatch.js'
import { subject } from '../harness/visitors.js'
import type { Figures, MeasureInput } from '../model.js'

/** What express-session and cookie-parser do before they look anything up. */
export async function measure({ scale, count: cookies, key }: MeasureInput): Promise<Figures> {
  const signed = Array.from({ length: cookies }, (_, index) => sign(subject(index), key))
  let at = 0
  const { wall, cpu } = await time(scale, (count) => {
    let found = 0
    for (let left = count; left > 0; left--) {
      const value = unsign(signed[at] ?? '', key)
      at = at + 1 === signed.length ? 0 : at + 1
      if (value === false) throw new Error('a wrong answer')
      found += value.length
    }
    return found
  })
  return { wall, cpu }
}
