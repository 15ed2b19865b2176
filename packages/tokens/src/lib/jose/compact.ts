import { decode, encode } from './base64url.js'
import { type JsonObject, parseObject } from './json.js'

/** A signed token (RFC 7515 §7.1), taken apart and checked for its form alone. */
export interface Compact {
  readonly header: JsonObject
  readonly payload: JsonObject
  /** What was signed. */
  readonly input: string
  readonly signature: Buffer
}

/** Longest token that is read, in characters: a header line of a request has to hold it. */
export const LONGEST_TOKEN = 8192

/**
 * Takes a compact token apart; null unless it is exactly three base64url parts in their one canonical spelling, the first
 * two of them JSON objects. Encrypted tokens (five parts) and unsigned ones (an empty part) are null.
 */
export function readCompact(token: string): Compact | null {
  if (token.length > LONGEST_TOKEN) return null
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  if (first < 1 || second < 0) return null
  const header = readHeader(token.slice(0, first))
  const payload = readPart(token.slice(first + 1, second))
  const signature = decode(token.slice(second + 1))
  if (header === null || payload === null || signature === null) return null
  if (signature.length === 0) return null
  return { header, payload, input: token.slice(0, second), signature }
}

/** The two parts that are signed, joined as RFC 7515 §5.1 has them. */
export function signingInput(header: JsonObject, payload: object): string {
  return `${encode(JSON.stringify(header))}.${encode(JSON.stringify(payload))}`
}

/** Headers that were read lately: all tokens of one key begin with the same text. */
const headers = new Map<string, JsonObject>()
const MOST_HEADERS = 32
const LONGEST_HEADER = 128

function readHeader(text: string): JsonObject | null {
  const known = headers.get(text)
  if (known !== undefined) return known
  const header = readPart(text)
  // Those of proofs hold a key each and are longer.
  if (header === null || text.length > LONGEST_HEADER) return header
  if (headers.size === MOST_HEADERS) headers.clear()
  headers.set(text, header)
  return header
}

function readPart(text: string): JsonObject | null {
  const bytes = decode(text)
  return bytes === null ? null : parseObject(bytes)
}
