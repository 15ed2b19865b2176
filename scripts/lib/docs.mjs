import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { walk } from './files.mjs'

const ROOT_PAGES = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md']

/** The pages of the project: `{ path, name, text }`, name relative to root. */
export function listPages(root) {
  const below = ['docs', 'decisions', 'bench', 'packages', 'examples'].flatMap((folder) => [
    ...walk(join(root, folder), (_path, name) => name !== 'node_modules' && name !== 'dist'),
  ])
  const paths = [...ROOT_PAGES.map((name) => join(root, name)), ...below]
  return paths
    .filter((path) => path.endsWith('.md') && existsSync(path))
    .map((path) => ({ path, name: relative(root, path), text: readFileSync(path, 'utf8') }))
}

const FENCE = /^( *)(`{3,})(.*)$/

/** The fenced blocks of a page: `{ lang, info, code, line, file }`; line is that of the first line of code. */
export function readBlocks(text) {
  const blocks = []
  let open = null
  for (const [index, line] of text.split('\n').entries()) {
    const [, indent = '', ticks = '', info = ''] = FENCE.exec(line) ?? []
    if (open === null && ticks !== '') open = { indent, ticks, info, line: index + 2, lines: [] }
    else if (open !== null && ticks === open.ticks && info.trim() === '') {
      blocks.push(toBlock(open))
      open = null
    } else open?.lines.push(line.slice(open.indent.length))
  }
  if (open !== null) throw new Error(`line ${open.line - 1}: a code block has no end`)
  return blocks
}

function toBlock({ info, lines, line }) {
  const [lang = '', ...words] = info.trim().split(/\s+/)
  const file = words.find((word) => word.startsWith('file='))?.slice('file='.length)
  return { lang, words, file, code: `${lines.join('\n')}\n`, line }
}

/** The page without its code blocks, as many lines long as before. */
function proseOf(text) {
  let ticks = ''
  const prose = text.split('\n').map((line) => {
    const [, , found = '', info = ''] = FENCE.exec(line) ?? []
    if (ticks === '' && found !== '') {
      ticks = found
      return ''
    }
    if (ticks === '') return line
    if (found === ticks && info.trim() === '') ticks = ''
    return ''
  })
  return prose.join('\n')
}

/** The links of a page that stay in the project: `{ target, anchor, line }`, pictures included. */
function readLinks(text) {
  const links = []
  for (const [index, line] of proseOf(text).split('\n').entries()) {
    for (const [, url] of line.replaceAll(/`[^`]*`/g, '').matchAll(/\]\(<?([^)\s>]+)>?[^)]*\)/g)) {
      if (/^[a-z][a-z0-9+.-]*:/i.test(url)) continue
      const [target = '', anchor = ''] = url.split('#', 2)
      links.push({ target, anchor, line: index + 1 })
    }
  }
  return links
}

/** The anchors of a page's headings, as GitHub and its kin make them. */
export function readAnchors(text) {
  const anchors = new Set()
  for (const [, title] of proseOf(text).matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const base = slug(title)
    let anchor = base
    for (let count = 1; anchors.has(anchor); count++) anchor = `${base}-${count}`
    anchors.add(anchor)
  }
  return anchors
}

function slug(title) {
  return title
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
    .replaceAll(' ', '-')
}

/** What is wrong with the links of these pages, a line each. */
export function brokenLinks(root, pages) {
  const texts = new Map(pages.map(({ path, text }) => [path, text]))
  return pages.flatMap(({ path, name, text }) =>
    readLinks(text).flatMap(({ target, anchor, line }) => {
      const to = target === '' ? path : join(dirname(path), decodeURIComponent(target))
      if (relative(root, to).startsWith('..')) return [`${name}:${line} leaves the project`]
      if (!existsSync(to)) return [`${name}:${line} leads to ${target}, which is not there`]
      if (anchor === '' || !to.endsWith('.md')) return []
      const known = readAnchors(texts.get(to) ?? readFileSync(to, 'utf8'))
      return known.has(anchor) ? [] : [`${name}:${line} has no heading for ${target}#${anchor}`]
    }),
  )
}

const PATH =
  /^(?:\.ci|bench|decisions|docs|examples|packages|scripts)\/[\w.*/{},-]*$|^[A-Z]+\.md$|^[\w.-]+\.json$/

/** The files of the project that a page names in `code`: `{ path, line }`. */
export function readPaths(text) {
  const paths = []
  for (const [index, line] of proseOf(text).split('\n').entries()) {
    for (const [, code] of line.matchAll(/`([^`]+)`/g)) {
      const [path = ''] = code.split(/[:#]/)
      if (PATH.test(path) && !/[*{<]/.test(path)) paths.push({ path, line: index + 1 })
    }
  }
  return paths
}

/**
 * The tables that speak of code: each follows a comment `<!-- code: Name -->`. `{ name, rows, line }`, a row being its cells;
 * the first cell holds the member's name in backticks.
 */
export function readCodeTables(text) {
  const lines = text.split('\n')
  return lines.flatMap((line, index) => {
    const name = /^<!-- code: (\w+) -->$/.exec(line)?.[1]
    if (name === undefined) return []
    const start = lines.findIndex((each, at) => at > index && each.startsWith('|'))
    const end = lines.findIndex((each, at) => at > start && !each.startsWith('|'))
    const rows = lines.slice(start + 2, end === -1 ? undefined : end).map(cellsOf)
    return [{ name, rows, line: index + 1 }]
  })
}

function cellsOf(row) {
  return row
    .slice(1, row.lastIndexOf('|'))
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim())
}

/** The member that a row is about: `revokeAll` for the cell "`revokeAll(subject, options)`". */
export function memberOf([first = '']) {
  return /`(\w+)/.exec(first)?.[1] ?? ''
}
