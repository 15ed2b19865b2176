import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { brokenLinks } from '../lib/docs.mjs'
import { kindOf, readNumbers, readRequirements, readTitles } from '../lib/requirements.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')
const name = 'docs/reference/requirements.md'
const path = join(root, name)
const text = readFileSync(path, 'utf8')
const rows = readRequirements(text)

/** The citations of these rows that lead nowhere, a line each. */
function wrongCitations(cited) {
  const titles = new Map()
  return cited.flatMap(({ line, id, citations }) =>
    citations.flatMap(({ path: file, titles: wanted }) => {
      if (!existsSync(join(root, file))) return [`${name}:${line} (${id}): there is no ${file}`]
      if (!titles.has(file))
        titles.set(file, readTitles(file, readFileSync(join(root, file), 'utf8')))
      return wanted
        .filter((title) => !titles.get(file).has(title))
        .map((title) => `${name}:${line} (${id}): ${file} has no test '${title}'`)
    }),
  )
}

test('every test that the page of requirements names is there, by its title', () => {
  assert.ok(rows.flatMap(({ citations }) => citations).length > 100)
  assert.deepEqual(wrongCitations(rows), [])
})

test('every page and heading that the page of requirements leads to is there', () => {
  assert.ok(rows.some(({ links }) => links.length > 0))
  assert.deepEqual(brokenLinks(root, [{ path, name, text }]), [])
})

test('every requirement stands once, with a proof or the reason why there is none', () => {
  const tables = new Map()
  let heading = ''
  for (const [index, line] of text.split('\n').entries()) {
    if (line.startsWith('## ')) heading = line
    const row = rows.find((each) => each.line === index + 1)
    if (row === undefined) continue
    const seen = tables.get(heading) ?? new Set()
    assert.ok(!seen.has(row.id), `${heading}: ${row.id} stands twice`)
    tables.set(heading, seen.add(row.id))
  }
  for (const row of rows) {
    assert.deepEqual(row.unclear, [], `${name}:${row.line} (${row.id})`)
    assert.ok(kindOf(row) !== undefined, `${name}:${row.line} (${row.id}) proves nothing`)
  }
})

test('the numbers of the page of requirements are those of its rows', () => {
  const { All: all, ...numbers } = readNumbers(text)
  const counted = {}
  for (const row of rows) counted[kindOf(row)] = (counted[kindOf(row)] ?? 0) + 1
  assert.deepEqual(numbers, counted)
  assert.equal(all, rows.length)
})

test('a test that was renamed, a file that is gone and a row without proof are found', () => {
  const good = rows.find(({ citations }) => citations.length > 0)
  const [{ path: file, titles }] = good.citations
  const page = (proof) =>
    `| Id | Requirement | Holdfast | Proof |\n|---|---|---|---|\n| 1 | a | b | ${proof} |`
  const wrong = (proof) => wrongCitations(readRequirements(page(proof))).length
  assert.equal(wrong(`\`${file}\`: \`${titles[0]}\``), 0)
  assert.equal(wrong(`\`${file}\`: \`${titles[0]}\`; \`${titles[0]}, or so\``), 1)
  assert.equal(wrong(`\`${file.replace('.test.', '.tests.')}\`: \`${titles[0]}\``), 1)
  const [vague] = readRequirements(page(`see \`${file}\``))
  assert.equal(vague.unclear.length, 1)
  assert.equal(kindOf(vague), undefined)
  const comment = readTitles(
    'a.ts',
    "// test('in a comment', f)\nconst text = 'in a text'\ntest(`by ${n}`, f)",
  )
  assert.deepEqual([...comment], ['by ${n}'])
})
