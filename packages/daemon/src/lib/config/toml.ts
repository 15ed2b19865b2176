import { isUtf8 } from 'node:buffer'
import { type AST, getStaticTOMLValue, ParseError, parseTOML } from 'toml-eslint-parser'
import type { Place, Problem } from './problem.js'
import type { Source } from './source.js'

/** The parser would set the prototype of its table by it, or of every object. */
const FORBIDDEN = '__proto__'

/** Reads a TOML file: its bytes, or its text. What is no TOML is a problem with its line. */
export function readToml(file: string, content: Uint8Array | string): Source | Problem {
  const text = typeof content === 'string' ? content : readText(content)
  if (typeof text === 'number') {
    const what = 'is no TOML here: the text is no UTF-8; save it as UTF-8'
    return { place: { source: file, line: text }, path: '', what }
  }
  try {
    const program = parseTOML(text, { tomlVersion: '1.0' })
    const places = new Map<string, Place>()
    for (const node of program.body[0].body) addPlaces(places, file, node)
    const [path, place] = [...places].find(([each]) => each.split('.').includes(FORBIDDEN)) ?? []
    if (path !== undefined && place !== undefined)
      return { place, path, what: 'is no name that a key can have; remove it' }
    return { values: getStaticTOMLValue(program), places }
  } catch (error) {
    if (!(error instanceof ParseError)) throw error
    const place = { source: file, line: lineOf(text, error) }
    return { place, path: '', what: `is no TOML here: ${withoutEnd(error.message)}` }
  }
}

/** The text, without the mark that some editors put before it; the number of the first line that is no UTF-8. */
function readText(bytes: Uint8Array): string | number {
  const text = new TextDecoder().decode(bytes)
  if (isUtf8(bytes)) return text
  const lines = Buffer.from(bytes).toString('latin1').split('\n')
  return lines.findIndex((line) => !isUtf8(Buffer.from(line, 'latin1'))) + 1
}

/** Where something is missing, the parser is at the end of it: that may be lines further. */
function lineOf(text: string, { index, lineNumber }: ParseError): number {
  if (text.slice(index).trimStart() === text.slice(index) && index < text.length) return lineNumber
  return text.slice(0, index).trimEnd().split('\n').length
}

function withoutEnd(message: string): string {
  return message.endsWith('.') ? message.slice(0, -1) : message
}

function addPlaces(
  places: Map<string, Place>,
  source: string,
  node: AST.TOMLTable | AST.TOMLKeyValue,
): void {
  if (node.type === 'TOMLKeyValue') return addPair(places, source, [], node)
  const path = node.resolvedKey.map(String)
  const place = { source, line: node.loc.start.line }
  places.set(path.join('.'), place)
  // One of an array of tables: the array has no place of its own.
  const array = path.slice(0, -1).join('.')
  if (node.kind === 'array' && !places.has(array)) places.set(array, place)
  for (const pair of node.body) addPair(places, source, path, pair)
}

function addPair(
  places: Map<string, Place>,
  source: string,
  above: readonly string[],
  { key, value }: AST.TOMLKeyValue,
): void {
  const path = [...above, ...key.keys.map(nameOf)]
  places.set(path.join('.'), { source, line: key.loc.start.line })
  if (value.type === 'TOMLInlineTable')
    for (const pair of value.body) addPair(places, source, path, pair)
  if (value.type !== 'TOMLArray') return
  for (const [index, element] of value.elements.entries())
    places.set([...path, index].join('.'), { source, line: element.loc.start.line })
}

function nameOf(key: AST.TOMLBare | AST.TOMLQuoted): string {
  return key.type === 'TOMLBare' ? key.name : key.value
}
