// A node:test reporter that runs inside the process under test and writes one JSON line per test,
// synchronously, so that what was reported survives a crash. Loaded by `--test-reporter`.
import { appendFileSync } from 'node:fs'
import { inspect } from 'node:util'

const target = process.env['HOLDFAST_TEST_EVENTS']
delete process.env['HOLDFAST_TEST_EVENTS']

const write = (event) => appendFileSync(target, `${JSON.stringify(event)}\n`)

export default async function* report(source) {
  const stack = []
  for await (const { type, data } of source) {
    if (type === 'test:start') stack[data.nesting] = data.name
    else if (type === 'test:pass') writeResult('pass', data, stack)
    else if (type === 'test:fail') writeResult('fail', data, stack)
    else if (type === 'test:diagnostic') writeDiagnostic(data)
  }
  write({ kind: 'end' })
  yield ''
}

function writeResult(kind, data, stack) {
  const { nesting, name, details, skip, todo } = data
  const path = [...stack.slice(0, nesting), name]
  const isSuite = details.type === 'suite'
  const reason = skip ?? todo
  if (reason !== undefined && reason !== false) {
    const word = skip === undefined || skip === false ? 'todo' : 'skipped'
    write({
      kind: 'skip',
      path,
      reason: typeof reason === 'string' && reason ? reason : `${word}, no reason given`,
    })
  } else if (kind === 'pass') {
    if (!isSuite) write({ kind, path, ms: details.duration_ms })
  } else {
    const error = details.error
    const byChild = error?.failureType === 'subtestsFailed'
    if (isSuite && byChild) return
    write({ kind, path, ms: details.duration_ms, byChild, error: describe(error) })
  }
}

// The runner's own wrapper (ERR_TEST_FAILURE) says nothing: its cause does.
function describe(error) {
  const cause =
    error?.code === 'ERR_TEST_FAILURE' && error.cause !== undefined ? error.cause : error
  return typeof cause === 'string' ? cause : inspect(cause, { depth: 4, breakLength: 100 })
}

const SUMMARY = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/

function writeDiagnostic({ message }) {
  if (!SUMMARY.test(message)) write({ kind: 'note', message })
}
