import { sign } from 'cookie-signature'
import type { SessionContent } from 'express-session'
import { address, cookieHeader, subject, userAgent } from '../../harness/visitors.js'
import type { ServerInput } from '../model.js'

export const NAME = '__Host-session'
const HOUR = 3_600_000

/** What express-session and its kin are told about their cookie. */
export const peerCookie: {
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: 'lax'
  readonly maxAge: number
} = { secure: true, httpOnly: true, sameSite: 'lax', maxAge: HOUR }

interface Store {
  set(id: string, session: SessionContent, callback: (error?: unknown) => void): unknown
}

/** Fills the store of a peer with what ours hold, and gives the Cookie headers. */
export async function signInAll(
  store: Store,
  { sessions, key }: Pick<ServerInput, 'sessions' | 'key'>,
  toValue: (signedId: string) => string,
): Promise<string[]> {
  const cookies: string[] = []
  const signIn = (index: number): Promise<void> => {
    const id = String(index).padStart(32, '0')
    cookies.push(cookieHeader(encodeURIComponent(toValue(sign(id, key))), NAME))
    return stored(store, id, content(index))
  }
  const BATCH = 1000
  for (let from = 0; from < sessions; from += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, sessions - from) }, (_, n) => from + n)
    await Promise.all(batch.map(signIn))
  }
  return cookies
}

function content(index: number): SessionContent {
  const now = Date.now()
  const expires = new Date(now + HOUR)
  return {
    cookie: { ...peerCookie, originalMaxAge: HOUR, expires, path: '/' },
    subject: subject(index),
    ip: address(index),
    userAgent: userAgent(index),
    createdAt: now,
  }
}

function stored(store: Store, id: string, session: SessionContent): Promise<void> {
  return new Promise((resolve, reject) => {
    void store.set(id, session, (error) => {
      if (error instanceof Error) reject(error)
      else resolve()
    })
  })
}
