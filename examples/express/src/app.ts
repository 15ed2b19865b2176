import { fileURLToPath } from 'node:url'
import { minutes, type Sessions } from '@holdfast/core'
import { formToken, session, type SessionData } from '@holdfast/express'
import { securityHeaders } from '@holdfast/http'
import express, { type Express, type Request, type RequestHandler } from 'express'
import { notFound, sendError } from './errors.js'
import { homePage, type SessionFacts } from './pages/home.js'
import { vaultPage } from './pages/vault.js'
import { allowOnly, hasBody, sendPage, signedIn, wantsJson } from './respond.js'
import { cartRoutes } from './routes/cart.js'
import { dataRoutes } from './routes/data.js'
import { deviceRoutes } from './routes/devices.js'
import { signInRoutes } from './routes/sign-in.js'

const PUBLIC = fileURLToPath(new URL('../../public', import.meta.url))
const VAULT_OPEN = minutes(3)

/** The whole site, on any manager of sessions. */
export function createApp(sessions: Sessions<SessionData>): Express {
  const app = express()
  app.disable('x-powered-by').disable('etag')

  app.use(headers())
  app.use(express.static(PUBLIC, { index: false }))
  app.use(session(sessions))
  app.use(express.json(), express.urlencoded({ extended: false }))
  app.use(checkFormToken())

  app.route('/').get(home).all(allowOnly('GET'))
  app.route('/vault').get(vault).all(allowOnly('GET'))
  app.use(signInRoutes(sessions), deviceRoutes(sessions), cartRoutes(), dataRoutes())

  app.use(notFound, sendError)
  return app
}

/** Without Strict-Transport-Security: it would force HTTPS on every other project on localhost. Keep it elsewhere. */
function headers(): RequestHandler {
  const values = securityHeaders({ strictTransportSecurity: false })
  return (_req, res, next) => {
    res.set(values)
    next()
  }
}

/** A form brings the session's token; a script that sends no form (nothing at all, for POST /logout) need not. */
function checkFormToken(): RequestHandler {
  const check = formToken()
  return (req, res, next) => {
    const bare = req.headers['content-type'] === undefined && !hasBody(req)
    if (bare && req.headers.origin !== undefined && wantsJson(req)) next()
    else check(req, res, next)
  }
}

const home: RequestHandler = async (req, res) => {
  const facts = factsOf(req)
  await sendPage(req, res, (visit) => homePage(visit, facts))
}

const vault: RequestHandler = async (req, res) => {
  const subject = signedIn(req)
  // Throws if the password was given too long ago; errors.ts then asks for it.
  req.session.requireFresh({ maxAge: VAULT_OPEN })
  const openUntil = (req.session.authenticatedAt ?? 0) + VAULT_OPEN
  const secret = subject === 'demo1' ? 'kelp-4417-anchor' : 'reef-9025-current'
  if (wantsJson(req)) res.vary('Accept').json({ secret, openUntil })
  else await sendPage(req, res, (visit) => vaultPage(visit, secret, openUntil))
}

function factsOf({ session: current }: Request): SessionFacts | null {
  const { id, subject, createdAt, authenticatedAt, expiresAt, methods } = current
  if (id === null || subject === null) return null
  return {
    id,
    createdAt: createdAt ?? 0,
    authenticatedAt: authenticatedAt ?? 0,
    expiresAt: expiresAt ?? 0,
    methods,
  }
}
