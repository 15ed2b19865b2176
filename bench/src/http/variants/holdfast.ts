import { createSessions, type Sessions } from '@holdfast/core'
import type { SessionStore } from '@holdfast/core/store'
import { lmdbStore } from '@holdfast/lmdb'
import { memoryStore } from '@holdfast/memory'
import { storeOn } from '../../databases/clients.js'
import { PATIENCE } from '../../in-process/setup.js'
import { cookieHeader, signIn } from '../../harness/visitors.js'
import type { ServerInput } from '../model.js'

/** The production set-up: behind a proxy on this host that ends TLS. */
export const BEHIND_PROXY = { trustProxy: ['loopback'] } as const

/** The manager of a server, with its visitors signed in. */
export async function signedIn(
  input: ServerInput,
): Promise<{ readonly sessions: Sessions; readonly cookies: string[] }> {
  const { variant, sessions: count, key } = input
  const cache = variant.includes('uncached') ? { cacheSize: 0 } : {}
  const sessions = createSessions({
    store: storeOf(input),
    keys: [key],
    storeTimeout: PATIENCE,
    ...cache,
  })
  const cookies: string[] = []
  await signIn(sessions, count, (token, index) => {
    cookies[index] = cookieHeader(token)
  })
  return { sessions, cookies }
}

function storeOf({ variant, folder, database }: ServerInput): SessionStore {
  if (database !== null) return storeOn(database)
  return variant.includes('lmdb') ? lmdbStore(folder) : memoryStore()
}
