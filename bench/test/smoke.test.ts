import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bench } from '../src/bench.js'
import { withDatabases } from '../src/databases/start.js'
import { withNginx } from '../src/edge/nginx.js'
import { httpRows } from '../src/http/rows.js'
import { databaseRows } from '../src/in-process/database-rows.js'
import { inProcessRows } from '../src/in-process/rows.js'
import type { Report } from '../src/model.js'
import { readOptions } from '../src/options.js'
import { asMarkdown, asText } from '../src/report/tables.js'
import { SCALES } from '../src/scales.js'

// What the figures are is of no interest here: they come from milliseconds of work.
test('every row of the bench still runs, and is in the report', async () => {
  const own = `--node${process.versions.node.split('.')[0] ?? ''}`
  const report = await bench(readOptions(['--smoke', own]), () => undefined)
  const { smoke } = SCALES
  const all = [...inProcessRows(smoke), ...databaseRows(smoke), ...httpRows(smoke)]
  // Where there is no server, rows that need one are left out.
  const rows = withNginx(
    withDatabases<(typeof all)[number]>(all, smoke, () => undefined),
    () => undefined,
  )
  for (const { name } of rows) {
    const result = report.results.find((each) => each.name === name)
    assert.ok(result !== undefined && result.figures.length > 0, name)
    assert.ok(asText(report).includes(name))
    assert.ok(asMarkdown(report).includes(`| ${name} |`))
  }
  const copy: Report = JSON.parse(JSON.stringify(report))
  assert.deepEqual(copy, report)
})

test('an option that does not exist is refused', () => {
  assert.throws(() => readOptions(['--fast']), TypeError)
})

test('the longest row is only run where it is asked for', () => {
  const named = (scale: typeof SCALES.full): boolean =>
    databaseRows(scale).some(({ name }) => name.includes('10,000,000'))
  assert.equal(readOptions([]).large, false)
  assert.equal(readOptions(['--large']).large, true)
  assert.equal(named(SCALES.full), false)
  assert.equal(named({ ...SCALES.full, storedMost: 10_000_000 }), true)
})
