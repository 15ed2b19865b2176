// Compiled by types.test.ts, never run: what an application sees that has declared its session data.
import express from 'express'
import { createSessions } from '@holdfast/core'
import { session, type SessionData } from '@holdfast/express'
import { memoryStore } from '@holdfast/memory'

declare module '@holdfast/express' {
  interface SessionData {
    cart: string[]
    visits: number
  }
}

const sessions = createSessions<SessionData>({ store: memoryStore(), keys: ['x'] })
const app = express()
app.use(session(sessions))

app.get('/', async (req, res) => {
  const cart: readonly string[] | undefined = req.session.get('cart')
  const visits: number | undefined = await req.session.update('visits', (n = 0) => n + 1)
  req.session.set('cart', [...(cart ?? []), 'x'])
  // @ts-expect-error -- a value of another type
  req.session.set('cart', 3)
  // @ts-expect-error -- a key that is not declared
  req.session.get('card')
  // @ts-expect-error -- what is read is not to be changed
  req.session.get('cart')?.push('x')
  res.json({ cart, visits })
})
