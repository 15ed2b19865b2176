import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '@holdfast/test-servers/random'
import { Wire } from '../support/wire.js'
import { type Address, type Authority, blame, type Tally } from './model.js'
import { type Asked, judge, newQuestion, textOf, type Visitor } from './questions.js'

const VISITORS = 20
const ABORTS = 0.1
const REVOCATIONS = 0.01
/** How often a request is sent to a server that ends its connections or is starting, until it counts as dropped. */
const ATTEMPTS = 1_500

export interface ClientOptions {
  readonly name: string
  readonly address: Address
  readonly authority: Authority
  readonly random: Random
  readonly refusals: 'wrong' | 'counted'
  readonly tally: Tally
}

/** One web server of visitors of its own: it asks, compares and goes away, until `isOver`. */
export async function runClient(options: ClientOptions, isOver: () => boolean): Promise<void> {
  const client = new Client(options)
  await client.begin()
  while (!isOver()) await client.round()
  await client.end()
}

class Client {
  readonly #options: ClientOptions
  readonly #visitors: Visitor[] = []
  readonly #revocations = new Set<Promise<void>>()
  #wire: Wire
  #count = 0

  constructor(options: ClientOptions) {
    this.#options = options
    this.#wire = new Wire(options.address)
  }

  async begin(): Promise<void> {
    const visitors = Array.from({ length: VISITORS }, () => this.#newVisitor())
    this.#visitors.push(...(await Promise.all(visitors)))
  }

  async end(): Promise<void> {
    await Promise.all(this.#revocations)
    await this.#wire.close()
  }

  async round(): Promise<void> {
    const { random, tally } = this.#options
    if (random() < REVOCATIONS) this.#revokeOne()
    if (random() < REVOCATIONS) await this.#replaceOne()
    const count = random() < 0.8 ? 1 : 2 + Math.floor(random() * 4)
    const asked = Array.from({ length: count }, () => newQuestion(random, this.#anyVisitor()))
    if (random() < ABORTS) {
      await this.#abort(asked)
      tally.aborted += asked.length
    } else await this.#ask(asked)
  }

  /** Sends requests, or a part of them, and is gone before the answers have been read. */
  async #abort(asked: readonly Asked[]): Promise<void> {
    const { authority, random, address } = this.#options
    const text = asked.map((each) => textOf(each, authority.app)).join('')
    const isWhole = random() < 0.5
    this.#wire.send(isWhole ? text : text.slice(0, Math.floor(random() * text.length)))
    // Some before they have been read, some while they are answered.
    if (random() < 0.7) await new Promise((resolve) => setImmediate(resolve))
    await this.#wire.close()
    this.#wire = new Wire(address)
  }

  async #ask(all: readonly Asked[]): Promise<void> {
    const { authority, tally } = this.#options
    let asked = all
    for (let attempt = 1; asked.length > 0; attempt++) {
      if (attempt > ATTEMPTS) {
        blame(tally, `${asked.length} requests were never answered`)
        return
      }
      this.#wire.send(asked.map((each) => textOf(each, authority.app)).join(''))
      asked = await this.#read(asked)
      if (asked.length === 0) return
      tally.retried += asked.length
      await this.#wire.close()
      if (attempt > 5) await pause(10)
      this.#wire = new Wire(this.#options.address)
    }
  }

  /** Compares answers with the truth; gives those that did not come, because the connection ended. */
  async #read(asked: readonly Asked[]): Promise<readonly Asked[]> {
    const { authority, refusals, tally } = this.#options
    for (const [at, each] of asked.entries()) {
      const answer = await this.#wire.answer()
      if (answer === null) return asked.slice(at)
      if (answer.status === 503 && refusals === 'counted') {
        tally.refused += 1
        continue
      }
      tally.checked += 1
      tally.statuses.set(answer.status, (tally.statuses.get(answer.status) ?? 0) + 1)
      const fault = judge(each, answer, authority, tally)
      if (fault !== null) blame(tally, fault)
    }
    return []
  }

  #revokeOne(): void {
    const { authority, tally } = this.#options
    const visitor = this.#anyVisitor()
    if (visitor.state !== 'live') return
    visitor.state = 'ending'
    const revoke = async (): Promise<void> => {
      await authority.revoke(visitor.token.slice(0, 22))
      visitor.state = 'ended'
      tally.revoked += 1
    }
    const revocation = revoke().finally(() => this.#revocations.delete(revocation))
    this.#revocations.add(revocation)
  }

  async #replaceOne(): Promise<void> {
    const at = this.#visitors.findIndex(({ state }) => state === 'ended')
    if (at !== -1) this.#visitors[at] = await this.#newVisitor()
  }

  async #newVisitor(): Promise<Visitor> {
    const { authority, name, tally } = this.#options
    const subject = `${name}-${this.#count++}`
    const token = await authority.signIn(subject)
    tally.signedIn += 1
    return { subject, token, state: 'live' }
  }

  #anyVisitor(): Visitor {
    const { random } = this.#options
    const visitor = this.#visitors[Math.floor(random() * this.#visitors.length)]
    if (visitor === undefined) throw new Error('there are no visitors')
    return visitor
  }
}
