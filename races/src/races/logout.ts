import { idOf } from '../answer.js'
import { ALL, type Arena, expectGone, expectRefused, signIn, warm } from '../arena.js'
import { Tally } from '../tally.js'

interface Kind {
  readonly name: string
  /** What the request does once the logout has been acknowledged. */
  readonly steps: readonly string[]
  /** How it may be answered. */
  readonly words: string
  /** Whether its token is due for renewal. */
  readonly due?: boolean
}

const ENDED = '401 ERR_SESSION_ENDED'

const KINDS: readonly Kind[] = [
  { name: 'a writer', steps: ['set a 1'], words: ENDED },
  { name: 'a reader', steps: ['get a', 'me'], words: '200' },
  { name: 'a toucher', steps: ['touch'], words: '200' },
  { name: 'a renewal', steps: ['get a'], words: '200', due: true },
  { name: 'a rotation', steps: ['rotate'], words: ENDED },
  { name: 'an update', steps: ['count n'], words: ENDED },
  { name: 'a fresh proof', steps: ['reauthenticate'], words: ENDED },
]

const AT_ONCE = 20
export const RENEWAL: number = 16 * 60_000

/** P2 over HTTP: a request is in flight in one process while another acknowledges the logout; then it goes on. */
export async function raceLogouts(arena: Arena, rounds: number): Promise<readonly Tally[]> {
  const tallies: Tally[] = []
  for (const kind of KINDS) {
    const tally = new Tally(`P2, ${kind.name} that a logout overtakes`)
    tallies.push(tally)
    while (tally.rounds < rounds)
      await batch(arena, kind, Math.min(AT_ONCE, rounds - tally.rounds), tally)
  }
  return tallies
}

async function batch(arena: Arena, kind: Kind, size: number, tally: Tally): Promise<void> {
  const names = Array.from({ length: size }, (_, n) => `${kind.name}-${tally.rounds + n}`)
  const tokens = await Promise.all(
    names.map(async (name) => {
      const token = await signIn(arena, name.replaceAll(' ', '-'))
      await Promise.all(ALL.map((process) => warm(arena, token, process)))
      return token
    }),
  )
  if (kind.due === true) await arena.fleet.advance(RENEWAL)
  await Promise.all(tokens.map((token) => overtake(arena, kind, token, tally)))
  await Promise.all(tokens.map((token) => expectGone(arena, token, tally)))
  tally.rounds += size
}

async function overtake(arena: Arena, kind: Kind, token: string, tally: Tally): Promise<void> {
  const { fleet, visitor, store } = arena
  const gate = `logout-${idOf(token)}`
  const flight = visitor.send(token, [`wait ${gate}`, ...kind.steps])
  await fleet.arrivals(gate)
  const logout = await visitor.send(token, ['logout'])
  const since = performance.now()
  const [left] = logout.out
  tally.expect(
    left === true && logout.token === null,
    `the logout was answered with ${logout.words}`,
  )
  fleet.open(gate)
  const refused = expectRefused(arena, token, since, tally)
  const answer = await flight
  if (answer.process !== logout.process) tally.add('in another process')
  tally.expect(answer.words === kind.words, `it was answered with ${answer.words}`)
  tally.expect(answer.token === null, 'it set the cookie again')
  await refused
  const record = await store.find(idOf(token))
  tally.expect(record?.reason === 'logout', `the database says ${record?.reason ?? 'nothing'}`)
}
