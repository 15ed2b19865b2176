import type { HeaderValue } from '@holdfast/http'

const LF = 10
const CR = 13
const COLON = 58

const NO_MORE = /(?!)/
/** RFC 9110 §5.6.2. */
const TOKEN = table("!#$%&'*+-.^_`|~", /[0-9A-Za-z]/)
/** RFC 9110 §5.5: visible characters, spaces, tabs, and bytes beyond ASCII. */
const BLANK = table(' \t', NO_MORE)
const VALUE = table('\t', /[\u0020-\u007e\u0080-\u00ff]/)
/** RFC 9112 §3, without the forms that only proxies are sent. */
const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\u0021-\u007e]+) HTTP\/(\d)\.(\d)$/

/** The head of one request: what HTTP/1.1 means by it, and nothing that two readers could read in two ways. */
export class Head {
  readonly isHead: boolean
  readonly target: string
  /** Whether the connection goes on after the answer, as far as the client says. */
  readonly keepsAlive: boolean
  /** HTTP/1.0 hears only when it is told that the connection goes on. */
  readonly isOld: boolean
  readonly #text: string
  readonly #fields: readonly number[]

  constructor(text: string, { method, target, minor }: RequestLine, fields: readonly number[]) {
    this.#text = text
    this.#fields = fields
    this.isHead = method === 'HEAD'
    this.target = target
    this.isOld = minor === 0
    const connection = tokens(this.header('connection'))
    this.keepsAlive =
      !connection.includes('close') && (minor === 1 || connection.includes('keep-alive'))
  }

  /** Every line of one header, by its name in lower case, of letters, digits and hyphens. */
  header(name: string): string | readonly string[] | undefined {
    const text = this.#text
    const fields = this.#fields
    let first: string | undefined
    let all: string[] | undefined
    for (let at = 0; at < fields.length; at += 4) {
      if (fields[at] !== name.length || !isNamed(text, fields[at + 1] ?? 0, name)) continue
      const line = text.slice(fields[at + 2], fields[at + 3])
      if (first === undefined) first = line
      else (all ??= [first]).push(line)
    }
    return all ?? first
  }
}

interface RequestLine {
  readonly method: string
  readonly target: string
  readonly minor: number
}

/** Why a head is refused, as the status that says so. */
export type Refusal = 400 | 405 | 408 | 431 | 505

/**
 * Reads the head that stands in `bytes` from `from` to `end`, where its empty line begins; `text` is the same, a byte a character.
 * Strict: what RFC 9112 lets a reader mend (§2.2, §5.1, §5.2) is refused, as is every body.
 *
 * Bytes are looked at one by one in the buffer, which takes half as long as in the text, and cut out of the text.
 */
export function readHead(
  bytes: Uint8Array,
  text: string,
  from: number,
  end: number,
): Head | Refusal {
  const lineEnd = text.indexOf('\r', from)
  const fields = readFields(bytes, lineEnd, end)
  const line = REQUEST_LINE.exec(text.slice(from, lineEnd))
  if (fields === null || line === null) return 400
  const [, method = '', target = '', major, digit] = line
  const minor = Number(digit)
  if (major !== '1' || minor > 1) return 505
  if (method !== 'GET' && method !== 'HEAD') return 405
  if (!target.startsWith('/')) return 400
  const head = new Head(text, { method, target, minor }, fields)
  return isWhole(head) ? head : 400
}

/** Whether the request is over with its head, and says for whom it is (RFC 9112 §3.2, §6.3). */
function isWhole(head: Head): boolean {
  if (head.header('transfer-encoding') !== undefined) return false
  const length = head.header('content-length')
  if (length !== undefined && length !== '0') return false
  const host = head.header('host')
  return typeof host === 'string' || (host === undefined && head.isOld)
}

/** How long each name is and where it begins, and where its value begins and ends; null if a line is not one. */
function readFields(bytes: Uint8Array, lineEnd: number, end: number): readonly number[] | null {
  const fields: number[] = []
  let at = lineEnd
  while (at < end) {
    // At the CR of the line before.
    if (bytes[at + 1] !== LF) return null
    const name = at + 2
    at = skip(bytes, name, TOKEN)
    if (at === name || bytes[at] !== COLON) return null
    const length = at - name
    const value = skip(bytes, at + 1, BLANK)
    at = skip(bytes, value, VALUE)
    // What is no character of a value must be the CR that ends the line; the next turn sees to its LF.
    if (bytes[at] !== CR) return null
    let last = at
    while (last > value && BLANK[bytes[last - 1] ?? 0] === 1) last--
    fields.push(length, name, value, last)
  }
  return fields
}

function skip(bytes: Uint8Array, from: number, over: Uint8Array): number {
  let at = from
  while (over[bytes[at] ?? 0] === 1) at++
  return at
}

const BROKEN =
  // A control character, a CR without LF, an LF without CR.
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|\r(?!\n|$)|(?:^|[^\r])\n/

/** Whether a head that is not complete yet can never become one. */
export function isBroken(text: string): boolean {
  return BROKEN.test(text)
}

/** Names are of letters, digits and hyphens, all of which have this bit. */
function isNamed(text: string, from: number, name: string): boolean {
  for (let at = 0; at < name.length; at++) {
    if ((text.charCodeAt(from + at) | 0x20) !== name.charCodeAt(at)) return false
  }
  return true
}

function tokens(value: HeaderValue): readonly string[] {
  if (value === undefined || value === null) return []
  const list = typeof value === 'string' ? value : value.join(',')
  return list.split(',').map((item) => item.trim().toLowerCase())
}

function table(characters: string, more: RegExp): Uint8Array {
  const known = new Uint8Array(256)
  for (let code = 0; code < 256; code++) {
    const character = String.fromCharCode(code)
    if (characters.includes(character) || more.test(character)) known[code] = 1
  }
  return known
}
