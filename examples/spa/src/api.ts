import type { Sessions } from '@holdfast/core'
import { accessClaims, createResourceServer, requireAccessToken } from '@holdfast/tokens'
import express, { type RequestHandler, Router } from 'express'
import type { AppParts } from './app.js'
import { textField } from './fields.js'
import { Notes } from './notes.js'
import { Renewals } from './renewals.js'

/** The API: whoever calls it brings an access token. No cookie counts here. */
export function apiRoutes(sessions: Sessions, gate: RequestHandler): Router {
  const notes = new Notes()
  const renewals = new Renewals(sessions)
  const router = Router()
  router.use((_req, res, next) => {
    res.set('Cache-Control', 'no-store')
    next()
  })
  router.use(gate, express.json())

  router.get('/me', (req, res) => {
    const { sub: subject, sid: sessionId, scope } = accessClaims(req)
    res.json({ subject, sessionId, scope, renewals: renewals.of(sessionId) })
  })
  router.get('/notes', (req, res) => void res.json(notes.of(accessClaims(req).sub)))
  router.post('/notes', (req, res) => {
    res.json(notes.add(accessClaims(req).sub, textField(req, 'text', 80)))
  })
  router.post('/end', async (req, res) => {
    await sessions.revoke(accessClaims(req).sid, { reason: 'ended_on_server' })
    res.json({})
  })
  return router
}

/** Lets requests pass that bring a good access token of a session that lives. */
export function apiGate({ origin, tokens, keys, clock = Date.now }: AppParts): RequestHandler {
  const server = createResourceServer({
    issuer: origin,
    audience: `${origin}/api`,
    keys,
    isLive: (claims) => tokens.isLive(claims),
    firstUse: (proof) => tokens.firstUse(proof),
    now: clock,
  })
  return requireAccessToken(server, { origin, scopes: ['notes'] })
}
