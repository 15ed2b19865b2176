// Compiled by types.test.ts, never run: what an application sees that has declared nothing.
import express from 'express'
import { createSessions } from '@holdfast/core'
import { formToken, session } from '@holdfast/express'
import { memoryStore } from '@holdfast/memory'

const sessions = createSessions({ store: memoryStore(), keys: ['x'] })
const app = express()
app.use(session(sessions, { countsAsActivity: (req) => req.path !== '/poll' }))
app.use(formToken({ field: 'csrf' }))
// @ts-expect-error -- a misspelt option
app.use(session(sessions, { developement: true }))
// @ts-expect-error -- a wrong type
app.use(session(sessions, { trustProxy: true }))

app.get('/', (req, res) => {
  req.session.set('anything', { at: [1, 'two', null] })
  // @ts-expect-error -- what JSON cannot say
  req.session.set('date', new Date())
  const id: string | null = req.session.id
  res.json({ id, value: req.session.get('anything') })
})
