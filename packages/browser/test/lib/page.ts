import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'

const CLIENT = new URL('../../src/', import.meta.url)
const PAGE = '<!doctype html><html lang="en"><title>A page</title><body>A page</body></html>'

/** Serves an empty page, and the client's compiled files below /holdfast/. Whether it was one of them. */
export function serveFile(url: string, res: ServerResponse): boolean {
  if (url === '/' || url === '/other') send(res, 'text/html', PAGE)
  else if (url === '/favicon.ico') send(res, 'image/x-icon', '')
  else if (/^\/holdfast\/[\w/-]+\.js$/.test(url))
    send(res, 'text/javascript', readFileSync(fileURLToPath(new URL(url.slice(10), CLIENT))))
  else return false
  return true
}

function send(res: ServerResponse, type: string, body: string | Buffer): void {
  res.setHeader('Content-Type', type)
  res.end(body)
}
