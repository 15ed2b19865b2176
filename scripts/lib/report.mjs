import { relative } from 'node:path'

const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`
const indent = (text) => text.trimEnd().replace(/^/gm, '    ')

/**
 * Counts what passed and failed, prints progress as it comes, and everything that went wrong at the
 * end. `strict` (CI) counts a skipped test as failed.
 */
export function createReport({ root, strict, print = console.log, now = () => performance.now() }) {
  const started = now()
  const state = { passed: 0, failures: [], skips: [] }

  function addClaim(claim, { ms, problem, skipped, note }) {
    const mark = problem === undefined ? (skipped === undefined ? '✓' : '-') : '✗'
    print(`${mark} ${claim} (${seconds(ms)})${note === undefined ? '' : `: ${note}`}`)
    if (problem !== undefined) state.failures.push({ title: claim, detail: problem })
    else if (skipped !== undefined) state.skips.push({ title: claim, reason: skipped })
    else state.passed++
  }

  function addSuite({ suite, ms, log, passed, failures, skips }) {
    const counts = [`${passed} passed`]
    if (failures.length > 0) counts.push(`${failures.length} failed`)
    if (skips.length > 0) counts.push(`${skips.length} skipped`)
    print(
      `${failures.length > 0 ? '✗' : '✓'} ${suite.title} (${seconds(ms)}): ${counts.join(', ')}`,
    )
    state.passed += passed
    for (const { path, error, byChild } of failures) {
      const title = `${suite.title} › ${path.join(' › ')}`
      state.failures.push({
        title,
        detail: byChild ? undefined : `${error}\nlog: ${relative(root, log)}`,
      })
    }
    for (const { path, reason } of skips) {
      state.skips.push({ title: `${suite.title} › ${path.join(' › ')}`, reason })
    }
  }

  const failed = () => state.failures.length + (strict ? state.skips.length : 0)

  function finish(notes) {
    if (state.skips.length > 0) {
      print(`\nSkipped${strict ? ', which counts as failed under CI=true' : ''}:`)
      for (const { title, reason } of state.skips) print(`- ${title}: ${reason}`)
    }
    if (state.failures.length > 0) print('\nFailed:')
    for (const { title, detail } of state.failures) {
      print(`✗ ${title}${detail === undefined ? '' : `\n${indent(detail)}`}`)
    }
    print('')
    for (const note of notes) print(note)
    print(`total time ${seconds(now() - started)}`)
    print(`${state.passed} passed, ${failed()} failed`)
  }

  return { addClaim, addSuite, failed, finish }
}
