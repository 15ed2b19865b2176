import type { ChildProcess } from 'node:child_process'
import { storeOn } from '../databases/clients.js'
import { sizeOf } from '../databases/size.js'
import { ask, end, start } from '../harness/child.js'
import { signIn } from '../harness/visitors.js'
import type { Figures, MeasureInput } from '../model.js'
import type { PeerMessage, Rate } from './peer.js'
import { manager, requireDatabase } from './setup.js'

const SCRIPT = new URL('./peer.js', import.meta.url)
const TIME_LIMIT = 60_000
/** Application processes at once. */
const PROCESSES = [1, 2, 4]
const LANES = 16
const HOUR = 3_600_000
/** So short that no check of a session is late enough to renew it. */
const SPAN = 20_000
/** What is made once, such as scripts and the first pages, is no session's. */
const FIRST = 100

/**
 * Fills a database, asks it for sessions without a cache from one process and from several at once, and sweeps a tenth
 * away. Filled once for all: a million sign-ins take longer than everything else.
 */
export async function measure(input: MeasureInput): Promise<Figures> {
  const { key, count, scale } = input
  const database = requireDatabase(input.database)
  const began = Date.now()
  const step = SPAN / count
  let made = 0
  let later = 0
  const clock = (): number => began + later + made * step
  const options = { clock, sweepInterval: Infinity }
  const sessions = manager(input, storeOn(database), options)
  await signIn(sessions, FIRST, () => undefined)
  const empty = await sizeOf(database)
  const tokens: string[] = []
  const every = Math.ceil(count / scale.sessions)
  await signIn(sessions, count, (token, index) => {
    made += 1
    if (index % every === 0) tokens.push(token)
  })
  const bytes = ((await sizeOf(database)) - empty) / count
  const behind = clock() - Date.now()
  const rates = await rated(scale, {
    kind: 'open',
    database,
    key,
    tokens,
    cached: false,
    later: behind,
  })
  later = HOUR + (count / 10 - count) * step
  const begun = performance.now()
  await sessions.sweep()
  const sweep = performance.now() - begun
  await sessions.close()
  return { ...rates, bytes, sweep }
}

/** Checks by ever more processes. */
async function rated(scale: MeasureInput['scale'], opening: PeerMessage): Promise<Figures> {
  const peers: ChildProcess[] = []
  const figures: Record<string, number> = {}
  const all = <Answer>(message: PeerMessage): Promise<Answer[]> =>
    Promise.all(peers.map((peer) => ask<Answer>(peer, message, TIME_LIMIT)))
  try {
    for (const count of PROCESSES) {
      while (peers.length < count) {
        const peer = start({ node: process.execPath, script: SCRIPT, core: null })
        peers.push(peer)
        await ask(peer, opening, TIME_LIMIT)
      }
      await all({ kind: 'rate', lanes: LANES, ms: scale.warmUpMs * 4 })
      const rates = await all<Rate>({ kind: 'rate', lanes: LANES, ms: scale.measureMs * 5 })
      figures[`perSecond${count}`] = rates.reduce((sum, { perSecond }) => sum + perSecond, 0)
      figures[`p99of${count}`] = Math.max(...rates.map(({ p99 }) => p99))
    }
    return figures
  } finally {
    await Promise.all(peers.map((peer) => end(peer)))
  }
}
