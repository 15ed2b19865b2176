import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  listen,
  type AdapterMount,
  type AdapterServer,
  type AppReply,
} from '@holdfast/conformance/adapter'
import { withSession } from '../src/index.js'

/** The standard application on node:http. */
export function startNode({ sessions, options, app }: AdapterMount): Promise<AdapterServer> {
  return listen(
    withSession(
      sessions,
      (req, res, session) => {
        const script = app.onNode(req, res, session)
        if (script !== null) return script
        const reply = app.answer({ method: req.method ?? 'GET', url: req.url ?? '/' }, session)
        return reply instanceof Promise ? reply.then((one) => send(res, one)) : send(res, reply)
      },
      options,
    ),
  )
}

async function send(res: ServerResponse, reply: AppReply): Promise<void> {
  res.statusCode = reply.status
  for (const [name, value] of reply.headers) res.appendHeader(name, value)
  if (reply.redirect !== null) res.setHeader('Location', reply.redirect)
  if (reply.body === null || typeof reply.body === 'string') res.end(reply.body ?? undefined)
  else await pipeline(Readable.from(reply.body), res).catch(ignoreAborted)
}

/** A client that goes away ends the stream: that is no failure of the application. */
function ignoreAborted(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error
}
