import type { ErrorRequestHandler, RequestHandler } from 'express'
import { errorPage } from './pages/error.js'
import { Problem, toProblem } from './problem.js'
import { sendHtml, wantsJson } from './respond.js'

/** Answers what no route took. */
export const notFound: RequestHandler = () => {
  throw new Problem(404, 'not_found', 'There is no such page.')
}

/**
 * Sends every failure: a problem (RFC 9457) to scripts, a page to people, the sign-in form where that is what is missing.
 * It does not look at the session, which may be what failed, and touches no cookie.
 */
export const sendError: ErrorRequestHandler = (error: unknown, req, res, next) => {
  if (res.headersSent) {
    next(error)
    return
  }
  const problem = toProblem(error)
  const { status, code, title } = problem
  if (status === 500) console.error(error)
  res.set(problem.headers).set('Cache-Control', 'no-store').vary('Accept')
  if (wantsJson(req)) {
    const body = { type: 'about:blank', title, status, code, detail: problem.message }
    res.status(status).type('application/problem+json').send(JSON.stringify(body))
    return
  }
  const form = formFor(code)
  if (form === null) {
    res.status(status)
    sendHtml(res, errorPage(problem, req.path))
    return
  }
  const returnTo = req.method === 'GET' ? req.originalUrl : '/'
  res.redirect(303, `${form}?returnTo=${encodeURIComponent(returnTo)}`)
}

function formFor(code: string): string | null {
  if (code === 'not_signed_in') return '/login'
  return code === 'ERR_SESSION_NOT_FRESH' ? '/reauthenticate' : null
}
