import { now, pause } from '../time.js'
import type { Column } from './messages.js'
import type { Operation } from './operations.js'
import type { Site } from './site.js'
import { isObject, judge, type Said, type Verdict } from './verdict.js'
import { type Answer, ask, clears, cookieOf } from './visitor.js'

let born = 0

/** So often a session is begun anew where the store is not yet what it was. */
const ATTEMPTS = 20
const RETRY = 100
const BACK = 1000

/** What came of one request. */
export interface Outcome {
  readonly verdict: Verdict
  readonly milliseconds: number
  /** It took a cookie away, and nobody had asked for that. */
  readonly cleared: boolean
}

/** One visitor with one session of its own, who asks for one operation. */
export class Actor {
  readonly operation: Operation
  subject = ''
  keepsake = ''
  cookie: string | null = null
  id: string | null = null
  /** Another session of the same subject. */
  other: Said | null = null
  /** How many requests were refused, and how many served. */
  refused = 0
  served = 0
  /** Texts that were to be set, the last one last. */
  readonly texts: string[] = []
  readonly #site: Site
  readonly #column: Column

  constructor(site: Site, column: Column, operation: Operation) {
    this.operation = operation
    this.#site = site
    this.#column = column
  }

  /** Begins the session that the operation is asked for with, while all is well. */
  async prepare(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      // One that failed may have been begun all the same.
      born += 1
      this.subject = `subject-${born}`
      this.keepsake = `keepsake-${born}`
      try {
        return await this.#begin()
      } catch (error) {
        if (attempt === ATTEMPTS) throw error
        await pause(RETRY)
      }
    }
  }

  async #begin(): Promise<void> {
    const { sender, name } = this.operation
    if (sender === 'nobody') return
    const { subject, keepsake } = this
    const whose = sender === 'member' ? `subject=${subject}&` : ''
    if (name === 'revoke-others') {
      const other = await this.#ask('POST', `prepare?${whose}keepsake=other`, null)
      this.other = expectServed(other)
    }
    const answer = await this.#ask('POST', `prepare?${whose}keepsake=${keepsake}`, null)
    expectServed(answer)
    this.cookie = cookieOf(answer)
  }

  /** Reads the session once, so that a process which remembers does. */
  async warm(): Promise<void> {
    if (this.cookie !== null) this.id = (await this.look())?.id ?? null
  }

  /** Sends the request once. Never rejects. */
  async act(): Promise<Outcome> {
    const { name, method } = this.operation
    const query = new URLSearchParams()
    if (name === 'set') {
      this.texts.push(`text ${this.texts.length}`)
      query.set('text', this.texts.at(-1) ?? '')
    }
    if (name === 'sign-in' || name === 'sign-in-new') query.set('subject', this.subject)
    try {
      return this.#note(await this.#ask(method, `${name}?${query.toString()}`, this.cookie))
    } catch (error) {
      const verdict = { kind: 'wrong' as const, why: `no answer: ${String(error)}` }
      return { verdict, milliseconds: 0, cleared: false }
    }
  }

  /** A request of its session that changes nothing, without a word on what it must say. */
  look(): Promise<Said | null> {
    return this.#see('GET', 'read', this.cookie)
  }

  /** The record of a session as those who watch see it. */
  async record(id: string | null): Promise<Readonly<Record<string, unknown>> | null> {
    const said = await this.#see('GET', `get?id=${id ?? ''}`, null)
    return isObject(said?.out) ? said.out : null
  }

  /** What is left of the notice that can be taken once. */
  async notice(): Promise<unknown> {
    const said = await this.#see('POST', 'flash', this.cookie)
    return said?.out
  }

  /** Asks again while it is refused: a store has a second to be back. */
  async #see(method: 'GET' | 'POST', path: string, cookie: string | null): Promise<Said | null> {
    const end = now() + BACK
    for (;;) {
      const verdict = judge(await this.#ask(method, path, cookie))
      if (verdict.kind === 'served') return verdict.said
      if (verdict.kind !== 'refused' || now() > end) return null
      if (method === 'POST') this.refused += 1
      await pause(RETRY)
    }
  }

  #note(answer: Answer): Outcome {
    const verdict = judge(answer)
    const cleared = clears(answer)
    if (verdict.kind === 'refused') this.refused += 1
    if (verdict.kind === 'served') {
      this.served += 1
      // One that was taken away is kept: it must be good for nothing any more.
      if (!cleared) this.cookie = cookieOf(answer) ?? this.cookie
    }
    const asked = this.operation.name === 'revoke' && verdict.kind === 'served'
    return { verdict, milliseconds: answer.milliseconds, cleared: cleared && !asked }
  }

  #ask(method: 'GET' | 'POST', path: string, cookie: string | null): Promise<Answer> {
    return ask({ port: this.#site.port(this.#column), method, path: `/${path}`, cookie })
  }
}

function expectServed(answer: Answer): Said {
  const verdict = judge(answer)
  if (verdict.kind === 'served') return verdict.said
  throw new Error(`a session could not be prepared: ${answer.status} ${answer.body.slice(0, 200)}`)
}
