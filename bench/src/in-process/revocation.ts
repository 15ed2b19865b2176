import { setTimeout as pause } from 'node:timers/promises'
import type { ChildProcess } from 'node:child_process'
import { storeOn } from '../databases/clients.js'
import type { Session, Sessions } from '@holdfast/core'
import { exportSigningKey, generateSigningKey, type SigningKey } from '@holdfast/tokens'
import { ask, end, start } from '../harness/child.js'
import { percentile } from '../harness/statistics.js'
import type { Figures, MeasureInput } from '../model.js'
import { CLIENT, issuerOf } from './access-tokens.js'
import type { PeerMessage } from './peer.js'
import { manager, requireDatabase, tokensOf } from './setup.js'

const SCRIPT = new URL('./peer.js', import.meta.url)
const TIME_LIMIT = 60_000
const LOAD = 2000
const PATIENCE = 5

/**
 * This process revokes, another one checks in a loop what it has in its cache, a third one is the other visitors. Variant
 * `access`: what is checked is an access token of the session.
 */
export async function measure(input: MeasureInput): Promise<Figures> {
  const { key, count, scale } = input
  const database = requireDatabase(input.database)
  const sessions = manager(input, storeOn(database))
  const all = await tokensOf(sessions, count + scale.sessions)
  const signing = input.variant === 'access' ? generateSigningKey() : null
  const peers = [0, 1].map(() => start({ node: process.execPath, script: SCRIPT, core: null }))
  const [checker, visitors] = peers
  if (checker === undefined || visitors === undefined) throw new Error('no processes')
  try {
    const open = { kind: 'open', database, key, later: 0 } as const
    const asked = signing === null ? {} : { signingKey: exportSigningKey(signing) }
    await tell(checker, { ...open, ...asked, cached: true, tokens: [] })
    await tell(visitors, { ...open, cached: false, tokens: all.slice(count) })
    await tell(visitors, { kind: 'load', perSecond: LOAD })
    await pause(scale.idleMs)
    const whole: number[] = []
    const acknowledged: number[] = []
    for (const cookie of all.slice(0, count)) {
      const found = await sessions.resolve(cookie)
      if (found.status !== 'active') throw new Error('a live session was refused')
      const token =
        signing === null ? cookie : await accessTokenOf(sessions, found.session, signing)
      if (!(await tell<boolean>(checker, { kind: 'see', token })))
        throw new Error('a live session was refused')
      const refused = tell<number>(checker, { kind: 'watch', token })
      await pause(PATIENCE)
      const begun = now()
      await sessions.revoke(found.session.id ?? '')
      const done = now()
      const seen = await refused
      whole.push((seen - begun) / 1e6)
      acknowledged.push(Math.max(0, seen - done) / 1e6)
    }
    const of = (values: readonly number[], name: string): Figures => ({
      [`${name}50`]: percentile(values, 0.5),
      [`${name}99`]: percentile(values, 0.99),
      [`${name}Max`]: Math.max(...values),
    })
    return { ...of(whole, 'whole'), ...of(acknowledged, 'after') }
  } finally {
    await Promise.all(peers.map((peer) => end(peer)))
    await sessions.close()
  }
}

async function accessTokenOf(
  sessions: Sessions<Record<string, string>>,
  session: Pick<Session, 'id'>,
  key: SigningKey,
): Promise<string> {
  return (await issuerOf(sessions, key).issue(session, { client: CLIENT })).accessToken
}

function tell<Answer>(peer: ChildProcess, message: PeerMessage): Promise<Answer> {
  return ask<Answer>(peer, message, TIME_LIMIT)
}

function now(): number {
  return Number(process.hrtime.bigint())
}
