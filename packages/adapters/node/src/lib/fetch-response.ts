import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Headers of a connection, which HTTP/2 has not. */
const HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade'])

/**
 * Sends a fetch-standard response, its body no faster than the client takes it. Headers that are there already stay, unless the
 * response says otherwise; its cookies join theirs. Resolves when all is sent, or the client has gone; rejects if the body failed,
 * and then the connection is cut, so that half a body is not taken for a whole one.
 */
export async function sendFetchResponse(
  res: ServerResponse,
  response: Response,
  method: string,
): Promise<void> {
  if (res.destroyed) {
    await response.body?.cancel()
    return
  }
  putHead(res, response)
  if (response.body === null || method === 'HEAD') {
    await response.body?.cancel()
    res.end()
    return
  }
  try {
    await pipeline(Readable.fromWeb(response.body), res)
  } catch (error) {
    if (!isGone(error)) throw error
  }
}

function putHead(res: ServerResponse, { status, statusText, headers }: Response): void {
  const isHttp2 = res.req.httpVersionMajor >= 2
  res.statusCode = status
  if (!isHttp2 && statusText !== '') res.statusMessage = statusText
  for (const [name, value] of headers) {
    if (isHttp2 && HOP.has(name)) continue
    if (name === 'set-cookie' || name === 'vary') res.appendHeader(name, value)
    else res.setHeader(name, value)
  }
}

/** A client that goes away ends the stream: that is no failure of the handler. */
function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE'
}
