import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ConnectionInfo } from '@holdfast/http'
import { toFetchRequest, UnfitRequest } from './fetch-request.js'
import { sendFetchResponse } from './fetch-response.js'

/** A handler of the fetch standard; undefined for a request that is not its own. */
export type FetchHandler = (
  request: Request,
  info: ConnectionInfo,
) => Response | undefined | Promise<Response | undefined>

/** A listener for `http.createServer`, and a middleware of Express and its kin. */
export type FetchListener = (
  req: IncomingMessage,
  res: ServerResponse,
  next?: (error?: unknown) => void,
) => void

/**
 * Mounts a fetch handler on node:http or Express: `createServer(fetchHandler(tokens.handler))`, `app.use(fetchHandler(tokens.handler))`.
 *
 * With a `next`, as in Express, a request that is not the handler's goes on there, and so does an error. Without one, the first is
 * 404 and the second 500. The handler sees the whole URL, under whatever path it is mounted.
 */
export function fetchHandler(handler: FetchHandler): FetchListener {
  if (typeof handler !== 'function') throw new TypeError('handler must be a function')
  return (req, res, next) => {
    const passed = (): void => {
      if (next === undefined) end(res, 404)
      else next()
    }
    const failed = (error: unknown): void => {
      if (error instanceof UnfitRequest && next === undefined) end(res, error.status)
      else if (error instanceof UnfitRequest) passed()
      else if (next !== undefined) next(error)
      else if (res.headersSent) res.destroy()
      else end(res, 500)
    }
    handle(handler, req, res).then((answered) => answered || passed(), failed)
  }
}

async function handle(
  handler: FetchHandler,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<boolean> {
  const { remoteAddress } = req.socket
  const info = remoteAddress === undefined ? {} : { address: remoteAddress }
  const response = await handler(toFetchRequest(req, res), info)
  if (response === undefined) return false
  await sendFetchResponse(res, response, req.method ?? 'GET')
  return true
}

function end(res: ServerResponse, status: number): void {
  res.statusCode = status
  res.setHeader('Cache-Control', 'no-store')
  res.setHeader('X-Content-Type-Options', 'nosniff')
  res.end()
}
