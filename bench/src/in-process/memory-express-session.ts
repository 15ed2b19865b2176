import { randomBytes } from 'node:crypto'
import { MemoryStore } from 'express-session'
import { address, subject, userAgent } from '../harness/visitors.js'
import type { Figures, MeasureInput } from '../model.js'
import { inUse } from './memory-use.js'

const DAY = 86_400_000

/** express-session's own store, with the same content in each session. */
export async function measure({ count }: MeasureInput): Promise<Figures> {
  const store = new MemoryStore()
  await fill(store, 100)
  const before = inUse()
  await fill(store, count)
  const bytes = (inUse() - before) / count
  return { bytes, kept: Object.keys(store.sessions).length }
}

async function fill(store: MemoryStore, count: number): Promise<void> {
  const now = Date.now()
  for (let index = 0; index < count; index++) {
    store.set(randomBytes(24).toString('base64url'), {
      cookie: {
        originalMaxAge: DAY,
        expires: new Date(now + DAY),
        secure: true,
        httpOnly: true,
        path: '/',
        sameSite: 'lax',
      },
      subject: subject(index),
      createdAt: now,
      authenticatedAt: now,
      lastSeenAt: now,
      ip: address(index),
      userAgent: userAgent(index),
    })
    // It answers each call on the next turn: let it.
    if (index % 1000 === 999) await new Promise(setImmediate)
  }
  await new Promise(setImmediate)
}
