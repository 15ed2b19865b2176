import type { SessionStore } from '@holdfast/core/store'
import { DATABASES, type DatabaseName } from './databases.js'
import { Fleet, PROCESSES } from './fleet.js'
import { Random } from './random.js'
import { openStore } from './stores.js'
import type { Tally } from './tally.js'
import { Visitor } from './visitor.js'

/** DESIGN §7: how long another process may believe a record that it has read, in milliseconds. */
const BOUND = 5000

/** Where races are run: the application's processes, their visitors, and a look at the database past all of them. */
export interface Arena {
  readonly fleet: Fleet
  readonly visitor: Visitor
  readonly random: Random
  readonly store: SessionStore
}

/** Starts a database and four processes of the application, and ends them after `work`. */
export async function withArena(
  name: DatabaseName,
  seed: number,
  work: (arena: Arena) => Promise<void>,
): Promise<void> {
  const database = await DATABASES[name].start()
  const random = new Random(seed)
  try {
    const fleet = await Fleet.start(database.config)
    const visitor = new Visitor(fleet.ports, random)
    const { store, close } = openStore(database.config)
    try {
      await work({ fleet, visitor, random, store })
    } finally {
      await fleet.stop()
      visitor.close()
      await store.close()
      await close()
    }
  } finally {
    await database.remove()
  }
}

export async function signIn({ visitor }: Arena, subject: string): Promise<string> {
  const { token, words } = await visitor.send(null, [`login ${subject}`])
  if (token === null) throw new Error(`the sign-in was answered with ${words}`)
  return token
}

/** Has a process remember the session. */
export async function warm({ visitor }: Arena, token: string, process: number): Promise<void> {
  const { subject, words } = await visitor.send(token, ['me'], { process })
  if (subject === null) throw new Error(`a live session was answered with ${words}`)
}

export const ALL: readonly number[] = Array.from({ length: PROCESSES }, (_, n) => n)

/**
 * Asks every process with the token of a session whose end was acknowledged at `since` (of `performance.now()`), until it is
 * refused. Right after it another process may not have heard of it: up to the bound, and then never.
 */
export async function expectRefused(
  { visitor }: Arena,
  token: string,
  since: number,
  tally: Tally,
): Promise<void> {
  const refused = async (process: number): Promise<void> => {
    for (;;) {
      const asked = performance.now() - since
      const { subject, cookies, words } = await visitor.send(token, ['me'], { process })
      tally.expect(words === '200', `a request after the end was answered with ${words}`)
      if (subject === null) {
        tally.expect(cookies.length === 0, 'a cookie was set for a session that has ended')
        return
      }
      tally.add('accepted after it was acknowledged')
      tally.atMost('accepted for ms', asked)
      if (asked <= BOUND) continue
      tally.expect(false, `accepted ${Math.round(asked)} ms after its end was acknowledged`)
      return
    }
  }
  await Promise.all(ALL.map(refused))
}

/** A second look, when every process has refused it once: what was refused is never accepted again. */
export async function expectGone(arena: Arena, token: string, tally: Tally): Promise<void> {
  const looks = ALL.map((process) => arena.visitor.send(token, ['me'], { process }))
  for (const { subject, process } of await Promise.all(looks))
    tally.expect(subject === null, `a session that was refused came back in process ${process}`)
}
