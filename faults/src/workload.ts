import type { Client } from './client.js'
import type { Operation } from './history.js'
import type { FromWorker, Known, WorkerConfig } from './messages.js'
import type { Population } from './population.js'
import type { Random } from '@holdfast/test-servers/random'
import { between } from './random.js'
import { pause } from './time.js'

const SUBJECTS = 30
const FEW = 40

/** What a worker does: a random mix of operations, in several lanes that each do one after the other. */
export class Workload {
  readonly #client: Client
  readonly #config: WorkerConfig
  readonly #population: Population
  readonly #random: Random
  readonly #tell: (message: FromWorker) => void
  #stopped = false
  #written = 0

  constructor(
    client: Client,
    config: WorkerConfig,
    population: Population,
    random: Random,
    tell: (message: FromWorker) => void,
  ) {
    this.#client = client
    this.#config = config
    this.#population = population
    this.#random = random
    this.#tell = tell
  }

  async run(): Promise<void> {
    const lanes = Array.from({ length: this.#config.lanes }, (_, lane) => this.#lane(lane))
    await Promise.all(lanes)
  }

  stop(): void {
    this.#stopped = true
  }

  async #lane(lane: number): Promise<void> {
    while (!this.#stopped) {
      await this.#one(lane)
      await pause(between(this.#random, 0, this.#config.pause))
    }
  }

  #one(lane: number): Promise<unknown> {
    const dice = this.#random()
    const { size } = this.#population
    if (size < 5 || dice < (size < FEW ? 0.15 : 0.05)) return this.#signIn()
    if (dice < 0.4) return this.#check(this.#population.live())
    if (dice < 0.6) return this.#check(this.#population.ended())
    if (dice < 0.66) return this.#visit()
    if (dice < 0.72) return this.#read()
    if (dice < 0.76) return this.#look()
    if (dice < 0.86) return this.#set(lane)
    if (dice < 0.9) return this.#add()
    if (dice < 0.92) return this.#rotate()
    if (dice < 0.98) return this.#revoke()
    return dice < 0.987 ? this.#revokeAll() : this.#check(this.#population.live())
  }

  async #signIn(): Promise<void> {
    const subject = `subject-${Math.floor(this.#random() * SUBJECTS)}`
    let made: Known | null = null
    await this.#client.run({ name: 'sign-in', subject }, async () => {
      const { token, id, seen } = await this.#client.request(null, (session) =>
        session.authenticate(subject),
      )
      if (token === null || id === null) return { outcome: 'no', code: 'no session was made' }
      made = { id, subject, token, owner: this.#config.worker }
      return { ...seen, session: id }
    })
    if (made !== null) this.#share(made)
  }

  async #check(known: Known | undefined): Promise<void> {
    if (known === undefined) return
    const operation = await this.#known('check', known, async () => {
      return (await this.#client.resolve(known.token)).seen
    })
    this.#noticeEnd(known.id, operation)
  }

  /** A request of a client that keeps cookies: renewals in passing reach it. */
  async #visit(): Promise<void> {
    await this.#population.own(this.#config.worker, async (known) => {
      await this.#request('check', known, () => Promise.resolve())
    })
  }

  async #read(): Promise<void> {
    const known = this.#population.live()
    if (known === undefined) return
    await this.#known('read', known, async () => {
      const { seen, session } = await this.#client.resolve(known.token)
      if (session === null) return seen
      const entries = session.keys().map((key) => [key, session.get(key) ?? 0] as const)
      return { ...seen, data: Object.fromEntries(entries) }
    })
  }

  async #look(): Promise<void> {
    const known = this.#population.live()
    if (known === undefined) return
    await this.#known('look', known, async () => {
      const info = await this.#client.sessions.get(known.id)
      return info === null ? {} : { absoluteDeadline: info.absoluteDeadline }
    })
  }

  /** Each lane writes a key of its own, so that the last value acknowledged is known. */
  async #set(lane: number): Promise<void> {
    const known = this.#population.live()
    if (known === undefined) return
    this.#written += 1
    const [key, value] = [`w${this.#config.worker}l${lane}`, this.#written]
    const about = { name: 'set', session: known.id, subject: known.subject, key, value } as const
    await this.#client.run(about, async () => {
      const { seen } = await this.#client.request(known.token, (session) => {
        session.set(key, value)
        return Promise.resolve()
      })
      return seen
    })
  }

  /** All workers count on one key, with what was there before. */
  async #add(): Promise<void> {
    const known = this.#population.live()
    if (known === undefined) return
    await this.#known('add', known, async () => {
      const { seen } = await this.#client.request(known.token, async (session) => {
        await session.update('count', (count = 0) => count + 1)
      })
      return seen
    })
  }

  async #rotate(): Promise<void> {
    await this.#population.own(this.#config.worker, async (known) => {
      const { outcome } = await this.#request('rotate', known, (session) => session.rotate())
      // Whether its token still holds is not known: nobody presents it any more.
      if (outcome === 'unknown') this.#forget(known.id)
    })
  }

  async #revoke(): Promise<void> {
    const known = this.#population.live()
    if (known === undefined) return
    const byId = this.#random() < 0.5
    const { outcome } = await this.#known('revoke', known, async () => {
      if (byId) {
        // False says that it was not live, which is as good.
        await this.#client.sessions.revoke(known.id)
        return {}
      }
      const { seen } = await this.#client.request(known.token, (session) => session.revoke())
      return seen
    })
    if (outcome === 'ok' || this.#random() < 0.5) this.#forget(known.id)
  }

  async #revokeAll(): Promise<void> {
    const subject = `subject-${Math.floor(this.#random() * SUBJECTS)}`
    const { outcome } = await this.#client.run({ name: 'revoke-all', subject }, async () => {
      await this.#client.sessions.revokeAll(subject)
      return {}
    })
    if (outcome !== 'ok') return
    for (const id of this.#population.endSubject(subject)) this.#tell({ kind: 'ended', id })
  }

  #known(
    name: Operation['name'],
    { id, subject }: Known,
    work: () => Promise<Partial<Operation>>,
  ): Promise<Operation> {
    return this.#client.run({ name, session: id, subject }, work)
  }

  /** A request of the owner, who takes the cookie that the response may bring. */
  async #request(
    name: Operation['name'],
    known: Known,
    work: Parameters<Client['request']>[1],
  ): Promise<Operation> {
    const operation = await this.#known(name, known, async () => {
      const { seen, token } = await this.#client.request(known.token, work)
      if (token !== null) this.#share({ ...known, token })
      return seen
    })
    this.#noticeEnd(known.id, operation)
    return operation
  }

  #share(session: Known): void {
    this.#population.add(session)
    this.#tell({ kind: 'session', session })
  }

  #forget(id: string): void {
    this.#population.end(id)
    this.#tell({ kind: 'ended', id })
  }

  #noticeEnd(id: string, { status }: Operation): void {
    if (status === 'rejected' || status === 'none') this.#population.end(id)
  }
}
