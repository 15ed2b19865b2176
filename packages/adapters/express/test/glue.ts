import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  listen,
  type AdapterMount,
  type AdapterServer,
  type AppReply,
} from '@holdfast/conformance/adapter'
import type { SessionError } from '@holdfast/core'
import type { ErrorRequestHandler, Express, NextFunction, Request, Response } from 'express'
import { session } from '../src/index.js'

/** The standard application on Express. `express` is the factory of the version that is meant. */
export function startExpress(
  express: () => Express,
  onError: ErrorRequestHandler = answer,
): (mount: AdapterMount) => Promise<AdapterServer> {
  return ({ sessions, options, app }) => {
    const server = express()
    server.disable('etag')
    server.use(session(sessions, options))
    // Express 4 leaves rejections to the application: this is what its handlers look like.
    server.use((req: Request, res: Response, next: NextFunction) => {
      const script = app.onNode(req, res, req.session)
      if (script !== null) {
        script.catch(next)
        return
      }
      const reply = app.answer({ method: req.method, url: req.originalUrl }, req.session)
      if (reply instanceof Promise) reply.then((one) => send(res, one)).catch(next)
      else send(res, reply).catch(next)
    })
    server.use(onError)
    return listen(server)
  }
}

async function send(res: Response, reply: AppReply): Promise<void> {
  res.status(reply.status)
  for (const [name, value] of reply.headers) res.append(name, value)
  if (reply.redirect !== null) res.redirect(reply.status, reply.redirect)
  else if (reply.body === null) res.end()
  else if (typeof reply.body === 'string') res.send(reply.body)
  else await pipeline(Readable.from(reply.body), res).catch(ignoreAborted)
}

/** A client that goes away ends the stream: that is no failure of the application. */
function ignoreAborted(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error
}

const answer: ErrorRequestHandler = (
  error: Partial<SessionError> & { readonly status?: number },
  _req,
  res,
  next,
) => {
  if (res.headersSent) next(error)
  else res.status(error.status ?? 500).json({ code: error.code ?? 'ERR_INTERNAL' })
}
