import type { Sessions } from '@holdfast/core'
import { lmdbStore } from '@holdfast/lmdb'
import { memoryStore } from '@holdfast/memory'
import { createSessions } from '@holdfast/core'
import { PATIENCE } from '../../in-process/setup.js'
import { cookieHeader, signIn } from '../../harness/visitors.js'
import type { ServerInput } from '../model.js'

type Data = Record<string, string>

/** The production set-up: behind a proxy on this host that ends TLS. */
export const BEHIND_PROXY = { trustProxy: ['loopback'] } as const

/** The manager of a server, with its visitors signed in. */
export async function signedIn({
  variant,
  sessions: count,
  folder,
  key,
}: ServerInput): Promise<{ readonly sessions: Sessions<Data>; readonly cookies: string[] }> {
  const store = variant.includes('lmdb') ? lmdbStore(folder) : memoryStore()
  const sessions = createSessions<Data>({ store, keys: [key], storeTimeout: PATIENCE })
  const cookies: string[] = []
  await signIn(sessions, count, (token, index) => {
    cookies[index] = cookieHeader(token)
  })
  return { sessions, cookies }
}
