import { toProblem } from '@holdfast/example-express/kit'
import { refusalOf, TokenError } from '@holdfast/tokens'
import type { ErrorRequestHandler } from 'express'

/** Sends every failure as a problem (RFC 9457). What the token of a request lacks stands in WWW-Authenticate. */
export const sendError: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (res.headersSent) {
    next(error)
    return
  }
  if (error instanceof TokenError) {
    const { status, headers, body } = refusalOf(error)
    res.status(status).set(headers).send(body)
    return
  }
  const { status, code, title, headers, message: detail } = toProblem(error)
  if (status === 500) console.error(error)
  res.status(status).set(headers).set('Cache-Control', 'no-store')
  const body = { type: 'about:blank', title, status, code, detail }
  res.type('application/problem+json').send(JSON.stringify(body))
}
