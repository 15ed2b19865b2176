import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createReport } from '../lib/report.mjs'

function reportOf(strict) {
  const lines = []
  const report = createReport({
    root: '/r',
    strict,
    print: (line) => lines.push(line),
    now: () => 0,
  })
  report.addClaim('it compiles', { ms: 1200 })
  report.addSuite({
    suite: { title: 'packages/core/test/a.test.ts' },
    ms: 10,
    log: '/r/.tmp/a.log',
    passed: 3,
    failures: [{ path: ['group', 'one'], error: 'AssertionError: no' }],
    skips: [{ path: ['two'], reason: 'no browser' }],
  })
  return { report, lines }
}

test('the last line is the sum of steps and tests', () => {
  const { report, lines } = reportOf(false)
  report.finish([])
  assert.equal(lines.at(-1), '4 passed, 1 failed')
  assert.equal(report.failed(), 1)
})

test('under CI a skipped test counts as failed', () => {
  const { report, lines } = reportOf(true)
  report.finish([])
  assert.equal(lines.at(-1), '4 passed, 2 failed')
})

test('failures are told in full, skips with their reason', () => {
  const { report, lines } = reportOf(false)
  report.finish(['a note'])
  const text = lines.join('\n')
  assert.match(text, /- packages\/core\/test\/a\.test\.ts › two: no browser/)
  assert.match(text, /✗ .* › group › one\n {4}AssertionError: no\n {4}log: \.tmp\/a\.log/)
  assert.match(text, /a note\ntotal time 0\.0 s\n/)
})
