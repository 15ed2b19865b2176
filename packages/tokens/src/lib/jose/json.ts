import { isUtf8 } from 'node:buffer'

/** A JSON object of unknown content. */
export type JsonObject = Readonly<Record<string, unknown>>

/** The JSON object that `bytes` hold; null for anything else, for what is not UTF-8, and for a member that stands twice. */
export function parseObject(bytes: Buffer): JsonObject | null {
  if (!isUtf8(bytes)) return null
  const text = bytes.toString('utf8')
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) && membersOf(value) === writtenMembers(text) ? value : null
  } catch {
    return null // not JSON, or nested deeper than the stack
  }
}

/** Whether a JSON value is an object, not an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** How many members a parsed value has, at every depth. */
function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const inner = Object.values(value)
  let count = Array.isArray(value) ? 0 : inner.length
  for (const each of inner) if (typeof each === 'object') count += membersOf(each)
  return count
}

/** How many members a valid JSON text writes: a colon outside strings is one. More than were parsed: one stands twice. */
function writtenMembers(text: string): number {
  let count = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) quoted = !quoted
    else if (quoted && code === BACKSLASH) at += 1
    else if (!quoted && code === COLON) count += 1
  }
  return count
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
