import type { Assertion } from '@holdfast/protocol'

/** Where the checks are asked. */
export type Address = { readonly path: string } | { readonly host: string; readonly port: number }

/** Who signs visitors in and ends their sessions, beside the door that is asked: its word is the truth. */
export interface Authority {
  /** Name of the application that the checks are for. */
  readonly app: string
  /** The cookie's token of a visitor who has just signed in. */
  signIn(subject: string): Promise<string>
  /** Ends a session; it must not be honoured by any request that begins after this has resolved. */
  revoke(id: string): Promise<void>
  /** What an application makes of an assertion. */
  read(assertion: string | undefined): Assertion | null
}

/** What came of a run. */
export interface Tally {
  /** Answers that were compared with the truth. */
  checked: number
  /** Requests whose client went away. */
  aborted: number
  /** Requests that were sent again, because a kept connection ended before their answer began. */
  retried: number
  /** Requests that were refused, because the store was too slow (503): neither right nor wrong. */
  refused: number
  renewed: number
  revoked: number
  signedIn: number
  /** How many answers there were of each status. */
  readonly statuses: Map<number, number>
  wrong: number
  /** The first of them in words, without tokens. */
  readonly examples: string[]
}

export function newTally(): Tally {
  const asked = { checked: 0, aborted: 0, retried: 0, refused: 0, wrong: 0 }
  const changed = { renewed: 0, revoked: 0, signedIn: 0 }
  return { ...asked, ...changed, statuses: new Map(), examples: [] }
}

const EXAMPLES = 20

export function blame(tally: Tally, text: string): void {
  tally.wrong += 1
  if (tally.examples.length < EXAMPLES) tally.examples.push(text)
}
