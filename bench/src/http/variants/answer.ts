import type { ServerResponse } from 'node:http'

/** The body of every answer: whose session it is. */
export function body(subject: string | null): string {
  return `{"subject":"${subject ?? ''}"}`
}

/** As an application answers, in one call: the cheapest that node:http offers. */
export function answer(res: ServerResponse, subject: string | null): void {
  const text = body(subject)
  res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': text.length })
  res.end(text)
}

/** The same, with what a session's response must say to caches. */
export function answerPrivately(res: ServerResponse, subject: string | null): void {
  const text = body(subject)
  res.writeHead(200, {
    'Content-Type': 'application/json',
    'Content-Length': text.length,
    'Cache-Control': 'no-store',
    Vary: 'Cookie',
  })
  res.end(text)
}
