import { randomId } from './random-id.js'
import type { Database } from './database.js'
import { recordOf } from './grant.js'

const LEASE = 30_000
const AGAIN = 100

/**
 * Runs `work` while no other tab of this origin runs work of the same name.
 *
 * Browsers with Web Locks keep that promise to the letter, and free the lock of a tab that dies. Elsewhere a lease in IndexedDB
 * stands in: one at a time as long as the work takes less than 30 s; a tab that dies holds the others up until its lease is
 * over. Where storage is refused as well, tabs may work at once, which costs a request and harms nobody: the server gives
 * those who renew together the same successor.
 */
export async function withLock(
  name: string,
  database: Database,
  work: () => Promise<void>,
): Promise<void> {
  const locks: LockManager | undefined = navigator.locks
  await (locks ? locks.request(name, work) : withLease(database, work))
}

async function withLease(database: Database, work: () => Promise<void>): Promise<void> {
  const owner = randomId()
  for (;;) {
    const held = await database
      .update('lease', (old) => (isOver(old) ? { owner, until: Date.now() + LEASE } : undefined))
      .catch(() => ({ owner }))
    if (recordOf(held)['owner'] === owner) break
    await new Promise((resolve) => {
      setTimeout(resolve, AGAIN)
    })
  }
  try {
    await work()
  } finally {
    const mine = (old: unknown): unknown => (recordOf(old)['owner'] === owner ? {} : undefined)
    await database.update('lease', mine).catch(() => undefined)
  }
}

/** Also when it would last longer than any lease: the wall clock was set back. */
function isOver(lease: unknown): boolean {
  const { until } = recordOf(lease)
  const left = typeof until === 'number' ? until - Date.now() : 0
  return left <= 0 || left > LEASE
}
