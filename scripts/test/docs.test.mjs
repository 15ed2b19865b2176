import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { SessionError } from '@holdfast/core'
import { statusOf } from '@holdfast/http/transport'
import { TokenError } from '@holdfast/tokens'
import {
  brokenLinks,
  listPages,
  memberOf,
  readAnchors,
  readBlocks,
  readCodeTables,
  readPaths,
} from '../lib/docs.mjs'
import {
  defaultsOf,
  membersOf,
  nestedMembersOf,
  optionInterfaces,
  readApi,
} from '../lib/docs-members.mjs'
import { LANGUAGES, npmScriptsOf } from '../lib/docs-code.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')
const pages = listPages(root)
const api = readApi(root)
const tables = pages.flatMap(({ name, text }) =>
  readCodeTables(text).map((table) => ({ ...table, page: name })),
)

const tableOf = (name) => {
  const table = tables.find((each) => each.name === name)
  assert.ok(table, `no table says <!-- code: ${name} -->`)
  return table
}

test('every page that the project promises is there', () => {
  const names = new Set(pages.map(({ name }) => name))
  const promised = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md']
  const guides = ['getting-started', 'concepts', 'options', 'threat-model', 'deployment']
  const more = [
    'coming-from-express-session',
    'choosing-a-store',
    'writing-a-store',
    'testing',
    'reference/errors',
    'reference/events',
    'reference/requirements',
  ]
  for (const name of [...promised, ...[...guides, ...more].map((guide) => `docs/${guide}.md`)])
    assert.ok(names.has(name), name)
  assert.match(readFileSync(join(root, 'LICENSE'), 'utf8'), /^MIT License/)
})

test('every link in the documents leads to a file and a heading that are there', () => {
  assert.deepEqual(brokenLinks(root, pages), [])
})

test('every file that the documents name is there', () => {
  const missing = pages.flatMap(({ name, text }) =>
    readPaths(text)
      .filter(({ path }) => !existsSync(join(root, path)))
      .map(({ path, line }) => `${name}:${line} names ${path}`),
  )
  assert.deepEqual(missing, [])
})

test('every block of code says its language, and every npm script that one runs exists', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  for (const page of pages) {
    for (const { lang, line } of readBlocks(page.text))
      assert.ok(LANGUAGES.has(lang), `${page.name}:${line}: '${lang}'`)
    for (const script of npmScriptsOf(page)) assert.ok(script in scripts, `${page.name}: ${script}`)
  }
})

test('every option in the code has a table with exactly its fields, and no table has another', () => {
  for (const name of [...optionInterfaces(api), 'ConnectionInfo', 'SessionInfo']) tableOf(name)
  for (const { name, page, rows } of tables) {
    if (name === 'EventFields') continue
    const documented = rows.map(memberOf).toSorted()
    assert.deepEqual(documented, membersOf(api, name).toSorted(), `${page}: ${name}`)
  }
})

test('where the comment of an option gives its default, the table gives the same', () => {
  let count = 0
  for (const name of optionInterfaces(api)) {
    const rows = new Map(tableOf(name).rows.map((row) => [memberOf(row), row]))
    for (const [member, value] of defaultsOf(api, name)) {
      const documented = rows.get(member).at(-1).replaceAll(/[`']/g, '')
      assert.ok(documented.includes(value.replaceAll("'", '')), `${name}.${member}: ${documented}`)
      count += 1
    }
  }
  assert.ok(count > 20, `${count} defaults were compared`)
})

test('every method of a session and of the manager is documented', () => {
  for (const name of ['Session', 'Sessions']) assert.equal(tableOf(name).page, 'docs/options.md')
})

test('the page of errors gives each code its HTTP status, a meaning and a remedy', () => {
  for (const [code = '', status, what = '', remedy = ''] of tableOf('SessionErrorCode').rows) {
    assert.equal(Number(status), statusOf(new SessionError(code.replaceAll('`', ''), '')), code)
    assert.ok(what.length > 20 && remedy.length > 10, code)
  }
  for (const [code = '', status, what = '', remedy = ''] of tableOf('TokenErrorCode').rows) {
    assert.equal(Number(status), new TokenError(code.replaceAll('`', ''), '').status, code)
    assert.ok(what.length > 20 && remedy.length > 10, code)
  }
})

test('the page of events names each event and exactly its fields', () => {
  const fields = nestedMembersOf(api, 'EventFields')
  const { rows } = tableOf('EventFields')
  assert.deepEqual(new Set(rows.map(memberOf)), new Set(fields.keys()))
  for (const row of rows) {
    const documented = [...row[1].matchAll(/`(\w+)`/g)].map(([, name]) => name)
    assert.deepEqual(documented, fields.get(memberOf(row)), memberOf(row))
  }
})

test('what the README claims is backed by a test or a bench that it names', () => {
  const { text } = pages.find(({ name }) => name === 'README.md')
  const rows = text.split('\n').filter((line) => /^\| \*\*P\d+/.test(line))
  assert.equal(rows.length, 10)
  for (const row of rows) {
    const proofs = readPaths(row)
    assert.ok(proofs.length > 0 || row.includes('not there yet'), row)
  }
})

test('no page names a machine, a registry or a place of work', () => {
  const foreign = /\/(?:work|home|root|tmp)\/|\/shared\/|registry\.npmjs|@[\w-]+\.com\b/i
  for (const { name, text } of pages) assert.doesNotMatch(text, foreign, name)
})

test('anchors are made as the hosts of repositories make them', () => {
  const text =
    '# A `code` title: with, marks\n## Twice\n## Twice\n```sh\n# no heading\n```\n## [Link](x.md) 2.0\n'
  assert.deepEqual(
    [...readAnchors(text)],
    ['a-code-title-with-marks', 'twice', 'twice-1', 'link-20'],
  )
})
