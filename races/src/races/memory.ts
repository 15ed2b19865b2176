import { ALL, type Arena, signIn, warm } from '../arena.js'
import { Tally } from '../tally.js'

/** Without what processes remember, these races would be easy to win: a request of a session that was read makes no store call. */
export async function expectRemembered(arena: Arena, rounds: number): Promise<Tally> {
  const tally = new Tally('every process remembers what it has read')
  const { fleet, visitor } = arena
  let calls = 0
  const off = fleet.onCall('remembered', (call) => {
    calls += 1
    call.go()
  })
  for (let n = 0; n < rounds; n++) {
    const token = await signIn(arena, `remembered-${n}`)
    for (const process of ALL) {
      await warm(arena, token, process)
      await visitor.send(token, ['me'], { process, race: 'remembered.0' })
      tally.add('requests')
    }
    tally.rounds += 1
  }
  off()
  tally.add('store calls', calls)
  // A notice that comes between the two has it read again.
  tally.expect(calls < tally.figure('requests') / 2, `${calls} store calls`)
  return tally
}
