import { setTimeout as pause } from 'node:timers/promises'
import { idOf } from '../answer.js'
import { ALL, type Arena, signIn } from '../arena.js'
import { Tally } from '../tally.js'

const KEYS = 100
const PATIENCE = 5000

/** P3: requests that all have read the session before the first of them writes another key each. */
export async function raceKeys(arena: Arena, runs: number): Promise<Tally> {
  const tally = new Tally(`P3, ${KEYS} parallel requests write ${KEYS} keys`)
  for (let run = 0; run < runs; run++) {
    const { fleet, visitor, store } = arena
    const token = await signIn(arena, `keys-${run}`)
    const gate = `keys-${idOf(token)}`
    const asked = Array.from({ length: KEYS }, (_, n) =>
      visitor.send(token, [`wait ${gate}`, `set k${n} ${run}`]),
    )
    await fleet.arrivals(gate, KEYS)
    fleet.open(gate)
    for (const { words, cookies } of await Promise.all(asked)) {
      tally.expect(words === '200', `a write was answered with ${words}`)
      tally.expect(cookies.length === 0, 'a write set a cookie')
    }
    const kept = (await store.find(idOf(token)))?.data.size ?? 0
    tally.expect(kept === KEYS, `${kept} of ${KEYS} keys were kept`)
    tally.add('keys kept', kept)
    await Promise.all(ALL.map((process) => seesAll(arena, token, process, tally)))
    tally.rounds += 1
  }
  return tally
}

/** What others wrote is seen in every process as soon as it has heard of it. */
async function seesAll(arena: Arena, token: string, process: number, tally: Tally): Promise<void> {
  const steps = Array.from({ length: KEYS }, (_, n) => `get k${n}`)
  const since = performance.now()
  for (;;) {
    const asked = performance.now() - since
    const { out } = await arena.visitor.send(token, steps, { process })
    if (out.length === KEYS && !out.includes(null)) return
    tally.atMost('seen late by ms', asked)
    tally.expect(asked <= PATIENCE, `process ${process} still does not see all keys`)
    if (asked > PATIENCE) return
    await pause(1)
  }
}

/** P3: increments of one number by requests to all processes at once. */
export async function raceIncrements(arena: Arena, increments: number): Promise<Tally> {
  const tally = new Tally('P3, parallel increments of one number')
  const { visitor, store } = arena
  const token = await signIn(arena, 'counter')
  const asked = Array.from({ length: increments }, () => visitor.send(token, ['count n']))
  const results = new Set<unknown>()
  for (const { words, out } of await Promise.all(asked)) {
    tally.expect(words === '200', `an increment was answered with ${words}`)
    results.add(out[0])
  }
  tally.expect(results.size === increments, `${results.size} distinct results`)
  const record = await store.find(idOf(token))
  const counted = [...(record?.data.values() ?? [])].join()
  tally.expect(counted === String(increments), `it counted ${counted} of ${increments}`)
  tally.add('counted', Number(counted))
  tally.rounds = increments
  return tally
}
