import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Clock, Sessions } from '@holdfast/core'
import { Problem } from '@holdfast/example-express/kit'
import { fetchHandler } from '@holdfast/express'
import { securityHeaders } from '@holdfast/http'
import type { KeySet, Tokens } from '@holdfast/tokens'
import express, { type Express, type RequestHandler, type Response } from 'express'
import { apiGate, apiRoutes } from './api.js'
import { sendError } from './errors.js'
import { signInRoute } from './sign-in.js'

const PAGE = fileURLToPath(new URL('../../public', import.meta.url))
const LOOK = join(
  dirname(createRequire(import.meta.url).resolve('@holdfast/example-express/public/site.css')),
)
const CLIENT = dirname(fileURLToPath(import.meta.resolve('@holdfast/browser')))

/** What the page's client is told: options of `createTokenClient`. */
export interface PageSettings {
  readonly clientId: string
  readonly scope: string
  readonly dpop: boolean
  readonly idleWarning: number
}

/** What the application stands on. */
export interface AppParts {
  readonly origin: string
  readonly sessions: Sessions
  readonly tokens: Tokens
  /** What signs the tokens. */
  readonly keys: KeySet
  readonly settings: PageSettings
  /** Default `Date.now`. */
  readonly clock?: Clock
}

/** The page, its API, and the endpoints of its tokens. */
export function createApp(parts: AppParts): Express {
  const { sessions, tokens, settings } = parts
  const app = express()
  app.disable('x-powered-by').disable('etag')

  app.use(headers())
  app.use(express.static(PAGE))
  app.use(express.static(LOOK, { index: false }))
  app.use('/holdfast', express.static(CLIENT, { index: false }))
  app.get('/settings.json', (_req, res) => void res.json(settings))

  app.use(fetchHandler(tokens.handler))
  app.use(signInRoute(sessions))
  app.use('/api', apiRoutes(sessions, apiGate(parts)))

  app.use(notFound, sendError)
  return app
}

/**
 * No script but the page's own files, no style but those, no connection but to this origin. Without Strict-Transport-Security: it
 * would force HTTPS on every other project on localhost. Keep it elsewhere.
 */
function headers(): RequestHandler {
  const values = securityHeaders({
    contentSecurityPolicy:
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    strictTransportSecurity: false,
  })
  return (_req, res: Response, next) => {
    res.set(values)
    next()
  }
}

const notFound: RequestHandler = () => {
  throw new Problem(404, 'not_found', 'There is no such page.')
}
