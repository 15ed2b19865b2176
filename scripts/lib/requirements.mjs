import { parseSync } from 'oxc-parser'

/** What a row says beside its proofs. */
const REMARK = /^(?<kind>GAP|later|not ours|part): \S/
const CITATION = /^`(?<path>[^`]+)`: (?<titles>`[^`]+`(?:; `[^`]+`)*)$/
const LINK = /^\[[^\]]+\]\([^)]+\)$/

/**
 * The rows of the page of requirements: `{ line, id, citations, links, kinds, unclear }`. A citation is `{ path, titles }`; `unclear`
 * are parts of the proof that are neither citation, link nor remark.
 */
export function readRequirements(text) {
  let isTable = false
  return text.split('\n').flatMap((line, index) => {
    if (!line.startsWith('|')) isTable = false
    else if (/^\| Id +\|/.test(line)) isTable = true
    if (!isTable || /^\| ?(?:Id +\||-)/.test(line)) return []
    const cells = line.slice(1, line.lastIndexOf('|')).split('|')
    return [{ line: index + 1, id: cells[0].trim(), ...readProof(cells.at(-1).trim()) }]
  })
}

function readProof(cell) {
  const proof = { citations: [], links: [], kinds: [], unclear: [] }
  for (const part of cell.split('<br>')) {
    const { path, titles } = CITATION.exec(part)?.groups ?? {}
    const { kind } = REMARK.exec(part)?.groups ?? {}
    if (path !== undefined)
      proof.citations.push({ path, titles: titles.slice(1, -1).split('`; `') })
    else if (kind !== undefined) proof.kinds.push(kind)
    else if (LINK.test(part)) proof.links.push(part)
    else proof.unclear.push(part)
  }
  return proof
}

/** The name of a row's kind, as the table of numbers has it; undefined for a row that says nothing. */
export function kindOf({ citations, links, kinds }) {
  if (kinds.includes('GAP')) return 'Gap'
  const isProved = citations.length + links.length > 0
  if (isProved) return kinds.length > 0 ? 'In part' : 'Proved'
  return { later: 'Later', 'not ours': 'Not ours' }[kinds[0]]
}

/** The numbers that the page gives: kind of row to number. */
export function readNumbers(text) {
  const rows = text.matchAll(/^\| (Proved|In part|Gap|Later|Not ours|All) +\| +(\d+) +\|/gm)
  return Object.fromEntries([...rows].map(([, kind, number]) => [kind, Number(number)]))
}

/** The methods by which the suites of `packages/conformance` add a case. */
const ADDERS = new Set(['add', 'plain'])

/** The titles of the tests and cases in a source, those of templates as they are written. */
export function readTitles(path, source) {
  const { program, errors } = parseSync(path, source)
  if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`)
  const titles = new Set()
  visit(program, (node) => {
    const title = titleOf(node)
    if (title?.type === 'Literal' && typeof title.value === 'string') titles.add(title.value)
    if (title?.type === 'TemplateLiteral') titles.add(source.slice(title.start + 1, title.end - 1))
  })
  return titles
}

function titleOf({ type, callee, arguments: given, key, value }) {
  if (type === 'Property' && key.name === 'name') return value
  if (type !== 'CallExpression') return undefined
  const isTest = callee.name === 'test' || ADDERS.has(callee.property?.name)
  return isTest ? given[0] : undefined
}

function visit(node, see) {
  if (Array.isArray(node)) for (const each of node) visit(each, see)
  else if (typeof node === 'object' && node !== null) {
    if (typeof node.type === 'string') see(node)
    for (const child of Object.values(node)) visit(child, see)
  }
}
