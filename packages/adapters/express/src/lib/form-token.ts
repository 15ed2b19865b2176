import { checkFormToken } from '@holdfast/http/transport'
import type { NextFunction, Request, RequestHandler, Response } from 'express'

export interface FormTokenOptions {
  /** Name of the hidden form field. Default `_csrf`. */
  readonly field?: string
  /** Name of the request header, for scripts. Default `x-csrf-token`. */
  readonly header?: string
}

/**
 * Express middleware that refuses (403) a form post which does not bring the session's CSRF token. Mount it after
 * `session()` and the body parser; put `req.session.csrfToken()` into each form. JSON requests and visitors without a
 * session pass: `session()` has already refused other sites.
 */
export function formToken({
  field = '_csrf',
  header = 'x-csrf-token',
}: FormTokenOptions = {}): RequestHandler {
  const headerName = header.toLowerCase()
  return (req: Request, _res: Response, next: NextFunction): void => {
    try {
      const token = req.headers[headerName] ?? fieldOf(req.body, field)
      checkFormToken(req.session, {
        method: req.method,
        contentType: req.headers['content-type'],
        token,
      })
      next()
    } catch (error) {
      next(error)
    }
  }
}

function fieldOf(body: unknown, field: string): unknown {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, field)) return undefined
  return Object.entries(body).find(([name]) => name === field)?.[1]
}
