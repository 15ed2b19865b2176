import type { Sessions } from '@holdfast/core'
import { type Engine, engineOf, VERIFIER_LENGTH, verifierHash } from '@holdfast/core/engine'
import { insertMark, markId } from './mark.js'

const LONGEST_KEY = 1024

/**
 * True for the first who says `key`, false for all others, in every process on the store, until `until` (epoch milliseconds).
 * For what may happen once: an assertion, a webhook's id, a proof. False, too, if `until` has passed.
 *
 * Costs one durable insert. Errors: `TypeError` for a key of no or more than 1,024 characters, store errors, upon which it is
 * unknown whether the key was consumed.
 */
export async function consumeOnce(
  sessions: Pick<Sessions, 'close'>,
  key: string,
  until: number,
): Promise<boolean> {
  if (typeof key !== 'string' || key === '' || key.length > LONGEST_KEY || !key.isWellFormed())
    throw new TypeError(`key must be a text of 1 to ${LONGEST_KEY} characters`)
  if (!Number.isSafeInteger(until)) throw new TypeError('until must be epoch milliseconds')
  return consume(engineOf(sessions), ['consume-once', key], until)
}

/** The same for parts of this package, each under a name of its own. */
export async function consume(
  engine: Engine,
  fields: readonly string[],
  until: number,
): Promise<boolean> {
  if (until <= engine.now()) return false
  // Given to nobody: no token leads here.
  const hash = verifierHash(engine.random.base62(VERIFIER_LENGTH))
  return insertMark(engine, {
    id: markId(engine, fields),
    verifierHash: hash,
    until,
    data: new Map(),
  })
}
