import { type Answer, idOf } from '../answer.js'
import { ALL, type Arena, expectGone, expectRefused, signIn, warm } from '../arena.js'
import { Director } from '../director.js'
import { Tally } from '../tally.js'

const MINUTE = 60_000
const AT_ONCE = 16

/** What requests do while their session ends. */
const WORKERS = [
  'reader',
  'writer',
  'remover',
  'toucher',
  'renewer',
  'updater',
  'prover',
  'authenticator',
  'slow writer',
] as const

function stepsOf(worker: (typeof WORKERS)[number], subject: string): readonly string[] {
  switch (worker) {
    case 'reader':
      return ['get a', 'me']
    case 'writer':
      return ['set a 1']
    case 'remover':
      return ['unset n']
    case 'toucher':
      return ['touch']
    case 'renewer':
      return ['rotate']
    case 'updater':
      return ['count n']
    case 'prover':
      return ['reauthenticate']
    case 'authenticator':
      return [`login ${subject}`]
    case 'slow writer':
      return ['count n', 'set b 2', 'touch']
  }
}

const TOLERATED = new Set(['200', '401 ERR_SESSION_ENDED', '401 ERR_SESSION_NOT_AUTHENTICATED'])

/**
 * P2 at the store: one to four requests and a logout in four processes, their store calls let through one at a time, in an
 * order that the seed decides.
 */
export async function raceSchedules(arena: Arena, schedules: number): Promise<Tally> {
  const tally = new Tally('P2, store calls in flight around a logout, scheduled')
  while (tally.rounds < schedules) {
    const size = Math.min(AT_ONCE, schedules - tally.rounds)
    const races = Array.from({ length: size }, (_, n) => new Race(arena, tally, tally.rounds + n))
    await Promise.all(races.map((race) => race.prepare()))
    // At 4 minutes a touch is due, at 20 a renewal too.
    await arena.fleet.advance(arena.random.pick([0, 4, 20]) * MINUTE)
    await Promise.all(races.map((race) => race.run()))
    await Promise.all(races.map((race) => race.lookAgain()))
    tally.rounds += size
  }
  return tally
}

class Race {
  readonly #arena: Arena
  readonly #tally: Tally
  readonly #name: string
  readonly #director: Director
  readonly #tokens = new Set<string>()
  #token = ''
  #endedAt: number | null = null

  constructor(arena: Arena, tally: Tally, n: number) {
    this.#arena = arena
    this.#tally = tally
    this.#name = `schedule-${n}`
    this.#director = new Director(arena.random)
  }

  async prepare(): Promise<void> {
    this.#token = await signIn(this.#arena, this.#name)
    this.#tokens.add(this.#token)
    const warmed = ALL.filter(() => this.#arena.random.chance(50))
    await Promise.all(warmed.map((process) => warm(this.#arena, this.#token, process)))
  }

  async run(): Promise<void> {
    const { fleet, random } = this.#arena
    const off = fleet.onCall(this.#name, (call) => {
      this.#tally.add('store calls')
      const late = this.#endedAt !== null
      if (late && call.operation === 'update') this.#tally.add('changes made after the end')
      this.#director.held({
        ...call,
        go: () => {
          const overtaken = !late && this.#endedAt !== null && call.operation === 'update'
          if (overtaken) this.#tally.add('changes overtaken on their way')
          call.go()
        },
      })
    })
    const works = Array.from({ length: 1 + random.below(4) }, (_, n) => {
      const steps = stepsOf(random.pick(WORKERS), this.#name)
      return () => this.#work(steps, n)
    })
    await this.#director.conduct([...works, () => this.#end()])
    off()
    const since = this.#endedAt ?? 0
    for (const token of this.#tokens) await expectRefused(this.#arena, token, since, this.#tally)
  }

  async lookAgain(): Promise<void> {
    for (const token of this.#tokens) await expectGone(this.#arena, token, this.#tally)
    await this.#expectEnded('in the end')
  }

  async #work(steps: readonly string[], n: number): Promise<void> {
    const answer = await this.#send(steps, n)
    this.#tally.expect(TOLERATED.has(answer.words), `${steps.join()} was answered ${answer.words}`)
    // A sign-in after the end begins a session of its own.
    if (answer.token !== null && idOf(answer.token) === idOf(this.#token))
      this.#tokens.add(answer.token)
  }

  async #end(): Promise<void> {
    const { random } = this.#arena
    const out = random.chance(70) ? (await this.#send(['logout'], 9)).out : []
    // A token that was replaced meanwhile ends nothing: then the session is ended by its id.
    if (out[0] !== true) await this.#send([`revoke ${idOf(this.#token)}`], 9)
    this.#endedAt = performance.now()
    await this.#expectEnded('right after it was acknowledged')
  }

  #send(steps: readonly string[], n: number): Promise<Answer> {
    return this.#arena.visitor.send(this.#token, steps, { race: `${this.#name}.${n}` })
  }

  async #expectEnded(when: string): Promise<void> {
    const record = await this.#arena.store.find(idOf(this.#token))
    const ended = record !== null && record.revokedAt !== null
    this.#tally.expect(ended, `the session had not ended ${when}`)
  }
}
