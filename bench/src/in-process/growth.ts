import { storeOn } from '../databases/clients.js'
import { ask, end, start } from '../harness/child.js'
import { signIn } from '../harness/visitors.js'
import type { Figures, MeasureInput } from '../model.js'
import type { PeerMessage, Rate } from './peer.js'
import { manager, requireDatabase } from './setup.js'

const SCRIPT = new URL('./peer.js', import.meta.url)
const TIME_LIMIT = 60_000
const LANES = 16
const HOUR = 3_600_000
/** So short that no check of a session is late enough to renew it. */
const SPAN = 20_000

/** Checks without cache by so many processes at once, and then a sweep of a tenth. */
export async function measure(input: MeasureInput): Promise<Figures> {
  const { key, count, scale, variant } = input
  const database = requireDatabase(input.database)
  const began = Date.now()
  const step = SPAN / count
  let made = 0
  let later = 0
  const clock = (): number => began + later + made * step
  const options = { clock, sweepInterval: Infinity }
  const sessions = manager(input, storeOn(database), options)
  const tokens: string[] = []
  const every = Math.ceil(count / scale.sessions)
  await signIn(sessions, count, (token, index) => {
    made += 1
    if (index % every === 0) tokens.push(token)
  })
  const peers = Array.from({ length: Number(variant) }, () =>
    start({ node: process.execPath, script: SCRIPT, core: null }),
  )
  const all = <Answer>(message: PeerMessage): Promise<Answer[]> =>
    Promise.all(peers.map((peer) => ask<Answer>(peer, message, TIME_LIMIT)))
  try {
    const behind = clock() - Date.now()
    await all({ kind: 'open', database, key, tokens, cached: false, later: behind })
    await all({ kind: 'rate', lanes: LANES, ms: scale.warmUpMs * 4 })
    const rates = await all<Rate>({ kind: 'rate', lanes: LANES, ms: scale.measureMs * 5 })
    later = HOUR + (count / 10 - count) * step
    const begun = performance.now()
    await sessions.sweep()
    return {
      perSecond: rates.reduce((sum, { perSecond }) => sum + perSecond, 0),
      p50: Math.max(...rates.map(({ p50 }) => p50)),
      p99: Math.max(...rates.map(({ p99 }) => p99)),
      sweep: performance.now() - begun,
    }
  } finally {
    await Promise.all(peers.map((peer) => end(peer)))
    await sessions.close()
  }
}
