import { now, pause } from '../time.js'
import { Actor, type Outcome } from './actor.js'
import type { Column } from './messages.js'
import type { Operation } from './operations.js'
import type { Site } from './site.js'
import { contradiction, fateOf } from './truth.js'
import { type Due, dueOf, type Reach } from './verdict.js'

/** What is said of a refusal that was not due. */
export const UNDUE = 'refused, and was to be served'

/** How much of it. */
export interface Effort {
  /** Requests of each operation. */
  readonly requests: number
  /** Of which so many at the same time. */
  readonly together: number
  /** Milliseconds from one such group to the next, at least. */
  readonly pace: number
  /** Milliseconds after which nothing that is delayed is on its way any more. */
  readonly settle: number
}

/** What was seen of one operation, in one column, under one kind of trouble. */
export interface CellResult {
  readonly operation: Operation
  readonly column: Column
  readonly due: Due
  readonly refused: number
  readonly served: number
  /** What broke the promise, in words. */
  readonly wrong: readonly string[]
  readonly cleared: number
  /** Milliseconds until each refusal. */
  readonly refusals: readonly number[]
  /** Milliseconds of what was served. */
  readonly services: readonly number[]
  /** Milliseconds from the end of the trouble until the same was served to the same visitor; null if it never was. */
  readonly recovery: number | null
  /** Sessions whose only token left with an answer that was lost. */
  readonly lost: number
}

const RECOVERY_PATIENCE = 10_000
const RETRY = 10

/** One cell of the matrix while it is being filled. */
export class Cell {
  readonly #operation: Operation
  readonly #column: Column
  readonly #due: Due
  readonly #actors: readonly Actor[]
  readonly #wrong: string[] = []
  readonly #refusals: number[] = []
  readonly #services: number[] = []
  #cleared = 0
  #recovery: number | null = null
  #lost = 0

  constructor(site: Site, column: Column, operation: Operation, reach: Reach, requests: number) {
    this.#operation = operation
    this.#column = column
    this.#due = dueOf(reach, operation, column)
    this.#actors = Array.from({ length: requests }, () => new Actor(site, column, operation))
  }

  /** Begins the sessions, while all is well. */
  async prepare(): Promise<void> {
    for (const actor of this.#actors) await actor.prepare()
  }

  /** Has the process know the sessions. */
  async warm(): Promise<void> {
    for (const actor of this.#actors) await actor.warm()
  }

  /** Sends the requests, while the trouble lasts; not all cells at the same instant, for `share` of the pace is waited. */
  async suffer({ together, pace }: Effort, share: number): Promise<void> {
    await pause(pace * share)
    for (let at = 0; at < this.#actors.length; at += together) {
      const next = now() + pace
      const group = this.#actors.slice(at, at + together)
      await Promise.all(group.map((actor) => this.#try(actor)))
      await pause(Math.max(0, next - now()))
    }
  }

  /** Has the first visitor try again until it is served; `since` is when the trouble ended. */
  async recover(since: number): Promise<void> {
    const [actor] = this.#actors
    if (actor === undefined) return
    while (now() < since + RECOVERY_PATIENCE) {
      const before = { refused: actor.refused, served: actor.served }
      const { verdict } = await actor.act()
      const why = contradiction(actor, verdict, before)
      if (why !== null) this.#note(`back, but ${why}`)
      if (verdict.kind !== 'refused') {
        this.#recovery = now() - since
        return
      }
      await pause(RETRY)
    }
    this.#note('it never came back')
  }

  /** Looks at what became of every session. */
  async verify(): Promise<void> {
    for (const actor of this.#actors) {
      const { wrong, lost } = await fateOf(actor)
      if (wrong !== null) this.#note(wrong)
      if (lost) this.#lost += 1
    }
  }

  get result(): CellResult {
    return {
      operation: this.#operation,
      column: this.#column,
      due: this.#due,
      refused: this.#refusals.length,
      served: this.#services.length,
      wrong: this.#wrong,
      cleared: this.#cleared,
      refusals: this.#refusals,
      services: this.#services,
      recovery: this.#recovery,
      lost: this.#lost,
    }
  }

  async #try(actor: Actor): Promise<void> {
    const before = { refused: actor.refused, served: actor.served }
    const outcome = await actor.act()
    const why = contradiction(actor, outcome.verdict, before) ?? this.#undue(outcome)
    if (why !== null) this.#note(why)
    if (outcome.cleared) this.#cleared += 1
    if (outcome.verdict.kind === 'refused') this.#refusals.push(outcome.milliseconds)
    else this.#services.push(outcome.milliseconds)
  }

  #undue({ verdict: { kind } }: Outcome): string | null {
    if (kind === 'served' && this.#due === 'refused') return 'served, and was to be refused'
    if (kind === 'refused' && this.#due === 'served') return UNDUE
    return null
  }

  #note(why: string): void {
    this.#wrong.push(why)
  }
}
