import { SessionError } from '@holdfast/core'
import { statusOf } from '@holdfast/http/transport'
import type { ErrorRequestHandler } from 'express'

/** Gives a session error the `status` by which Express and its error handlers choose the response. */
export function asHttpError(error: unknown): unknown {
  return error instanceof SessionError ? Object.assign(error, { status: statusOf(error) }) : error
}

/**
 * Express error middleware: gives the session errors that handlers threw (`requireFresh`, `authenticate`, `update`) their
 * HTTP status, and passes every error on. Mount it after the routes, before your own error handler.
 */
export function sessionErrors(): ErrorRequestHandler {
  return (error: unknown, _req, _res, next) => {
    next(asHttpError(error))
  }
}
