import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { readBearer } from '@holdfast/http'
import type { Right } from '@holdfast/protocol'
import type { Operation } from '../http/operations.js'
import { Problem } from '../http/problem.js'
import type { AppSettings } from '../settings.js'

const CHALLENGE = { 'WWW-Authenticate': 'Bearer realm="holdfast"' } as const

/** Throws a problem unless an application may make a request: over TCP it proves itself, and some operations need a right. */
export function createAdmission(
  { name, rights }: AppSettings,
  token: string | null,
): (request: IncomingMessage, operation: Operation) => void {
  const wanted = token === null ? null : digest(token)
  return (request, { route }) => {
    if (wanted !== null) assertToken(request, wanted)
    const { right } = route
    if (right !== undefined && !rights.has(right)) throw notAllowed(name, right)
  }
}

function assertToken({ headersDistinct }: IncomingMessage, wanted: Buffer): void {
  const given = readBearer(headersDistinct['authorization'])
  // Hashes are of one length, so that the comparison takes the same time whatever was sent.
  if (typeof given === 'string' && timingSafeEqual(digest(given), wanted)) return
  const detail = 'over TCP an application proves itself: Authorization: Bearer, with its token'
  throw new Problem(401, 'ERR_DAEMON_TOKEN', detail, CHALLENGE)
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function notAllowed(name: string, right: Right): Problem {
  const detail = `application ${name} may not ${right}; add "${right}" to rights in [apps.${name}] if it should`
  return new Problem(403, 'ERR_DAEMON_RIGHT', detail)
}
