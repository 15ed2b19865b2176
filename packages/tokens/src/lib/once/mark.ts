import { hash } from 'node:crypto'
import { type Engine, ID_LENGTH, lengthPrefixed } from '@holdfast/core/engine'
import type { SessionRecord } from '@holdfast/core/store'
import { retry } from '../grants/retry.js'

/** What is kept under an id until an instant, and found there by whoever comes second. */
export interface Mark {
  readonly id: string
  readonly verifierHash: string
  /** Epoch milliseconds at which the store may forget it. */
  readonly until: number
  readonly data: ReadonlyMap<string, string>
}

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** An id that anybody who knows these fields comes to, of as many bits as a session's: nobody can find two that share one. */
export function markId({ tenant }: Engine, fields: readonly string[]): string {
  const text = lengthPrefixed(['holdfast/v1/mark', tenant ?? '', ...fields])
  let rest = BigInt(`0x${hash('sha256', text, 'hex')}`)
  let id = ''
  for (let digits = 0; digits < ID_LENGTH; digits++) {
    id += ALPHABET.charAt(Number(rest % 62n))
    rest /= 62n
  }
  return id
}

/** Keeps a mark; false if its id is taken, in whichever process that happened. Durable when this returns, where the store is. */
export async function insertMark(engine: Engine, mark: Mark): Promise<boolean> {
  const { store, now } = engine
  const patience = store.patience()
  return retry(async () => {
    const at = now()
    const record = recordOf(mark, at, await store.epoch())
    const { status } = await store.insert(record, { now: at, limit: null }, patience)
    // `ended`: everyone was revoked since the counter was read. The mark counts as made after that.
    return status === 'ended' ? null : status === 'inserted'
  })
}

/** A record that is nobody's session: its verifier leads to no token of any session. */
function recordOf(
  { id, verifierHash, until, data }: Mark,
  at: number,
  epoch: number,
): SessionRecord {
  return {
    id,
    verifierHash,
    rotatedAt: at,
    previous: null,
    version: 1,
    generation: 0,
    epoch,
    subject: null,
    createdAt: at,
    authenticatedAt: null,
    methods: [],
    lastSeenAt: at,
    idleDeadline: until,
    absoluteDeadline: until,
    persistent: false,
    client: null,
    binding: null,
    data,
    revokedAt: null,
    reason: null,
  }
}
