import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { runPool } from '../lib/pool.mjs'
import { createRunFolder } from '../lib/run-folder.mjs'
import { runSuite } from '../lib/suite.mjs'

async function runText(text, options = {}) {
  const path = mkdtempSync(join(tmpdir(), 'suite-'))
  const compiled = join(path, 'toy.test.mjs')
  if (text !== undefined)
    writeFileSync(compiled, `import { test, describe, it } from 'node:test'\n${text}`)
  const suite = { workspace: { folder: 'packages/toy', path }, compiled, name: 'toy' }
  return runSuite(suite, { index: 0, folder: createRunFolder(path), env: {}, ...options })
}

test('each test counts once, a describe block not at all', async () => {
  const { passed, failures, skips } = await runText(`
    test('a', () => {})
    describe('group', () => { it('b', () => {}); it('c', () => {}) })`)
  assert.deepEqual({ passed, failures, skips }, { passed: 3, failures: [], skips: [] })
})

test('a failure has its path and the full error', async () => {
  const { passed, failures } = await runText(`
    test('fine', () => {})
    describe('group', () => { it('b', () => { throw new Error('the reason', { cause: 'deeper' }) }) })`)
  assert.equal(passed, 1)
  assert.equal(failures.length, 1)
  assert.deepEqual(failures[0].path, ['group', 'b'])
  assert.match(failures[0].error, /the reason[\s\S]*toy\.test\.mjs:4[\s\S]*deeper/)
})

test('a failed subtest fails its parent, which is reported without details of its own', async () => {
  const { failures } = await runText(`
    test('parent', async (t) => { await t.test('child', () => { throw new Error('no') }) })`)
  assert.deepEqual(
    failures.map(({ path, byChild }) => [path.join('/'), byChild]),
    [
      ['parent/child', false],
      ['parent', true],
    ],
  )
})

test('skipped and todo tests are listed with their reasons', async () => {
  const { passed, skips } = await runText(`
    test('a', { skip: 'no browser' }, () => {})
    test('b', { todo: true }, () => {})
    test('c', (t) => t.skip())`)
  assert.equal(passed, 0)
  assert.deepEqual(
    skips.map(({ path, reason }) => [path[0], reason]),
    [
      ['a', 'no browser'],
      ['b', 'todo, no reason given'],
      ['c', 'skipped, no reason given'],
    ],
  )
})

const broken = {
  'crashes while loading': [
    `console.error('last words'); throw new Error('at load')`,
    /code 1[\s\S]*last words[\s\S]*at load/,
  ],
  'is killed': [`test('a', () => process.kill(process.pid, 'SIGKILL'))`, /killed by SIGKILL/],
  'exits early': [`test('a', () => {}); test('b', () => process.exit(0))`, /ended before/],
  'holds no test': [``, /holds no test/],
  'was not compiled': [undefined, /was not compiled/],
}
for (const [name, [text, message]] of Object.entries(broken)) {
  test(`a file that ${name} is one failure`, async () => {
    const { failures } = await runText(text)
    assert.equal(failures.length, 1)
    assert.match(failures[0].error, message)
  })
}

test('an error after the last test is a failure', async () => {
  const { failures } = await runText(
    `test('a', () => { setTimeout(() => { throw new Error('late') }, 20) })`,
  )
  assert.equal(failures.length, 1)
  assert.match(failures[0].error, /late/)
})

test('a file that hangs is killed with its children', async () => {
  const hangs = `import { spawn } from 'node:child_process'
     const child = spawn('sleep', ['60'])
     console.log('child=' + child.pid)
     test('a', () => new Promise(() => setInterval(() => {}, 1000)))`
  let child
  // Where the machine is busy, the file may be killed before it has a child: then it gets longer.
  for (let timeLimit = 1500; child === undefined; timeLimit *= 4) {
    const { failures, log } = await runText(hangs, { timeLimit })
    assert.match(failures.at(-1).error, new RegExp(`longer than ${timeLimit / 1000} s`))
    child = /child=(\d+)/.exec(readFileSync(log, 'utf8'))?.[1]
  }
  // The kill has been sent; that it is done takes a moment.
  const deadline = Date.now() + 20_000
  while (isAlive(child) && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(isAlive(child), false)
})

/** A zombie is dead: it waits for whoever adopted it. */
function isAlive(pid) {
  try {
    return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

test('a suite has a temp folder of its own, and the environment that it is given', async () => {
  const { failures } = await runText(
    `import { tmpdir } from 'node:os'
     import assert from 'node:assert'
     test('a', () => {
       assert.equal(tmpdir(), process.env.HOLDFAST_TEST_TMP)
       assert.match(tmpdir(), /hf-[^\\/]+\\/0-toy$/)
       assert.equal(process.env.HOLDFAST_THING, 'x')
     })`,
    { env: { HOLDFAST_THING: 'x' } },
  )
  assert.deepEqual(failures, [])
})

test('two jobs run at a time, and beside them one of those that wait', async () => {
  const jobs = [{}, { waits: true }, {}, { waits: true }, {}]
  const active = { busy: 0, waiting: 0 }
  const most = { ...active }
  const seen = []
  await runPool(jobs, 2, async (job, index) => {
    const kind = job.waits ? 'waiting' : 'busy'
    active[kind]++
    most[kind] = Math.max(most[kind], active[kind])
    await new Promise((resolve) => setTimeout(resolve, 10))
    seen.push(index)
    active[kind]--
  })
  assert.deepEqual(new Set(seen), new Set(jobs.keys()))
  assert.deepEqual(most, { busy: 2, waiting: 1 })
})

test('the folder of a failed run is kept, older ones are not', () => {
  const root = mkdtempSync(join(tmpdir(), 'run-folder-'))
  mkdirSync(join(root, '.tmp/run-999999999'), { recursive: true })
  const failed = createRunFolder(root)
  failed.finish(false)
  assert.ok(existsSync(failed.path))
  assert.ok(!existsSync(join(root, '.tmp/run-999999999')))
  const passed = createRunFolder(root)
  const temp = passed.tempFor(0, 'toy')
  assert.ok(!temp.startsWith(root) && existsSync(temp))
  passed.gather()
  assert.ok(!existsSync(temp) && existsSync(join(passed.path, 't/0-toy')))
  passed.finish(true)
  assert.ok(!existsSync(passed.path) && !existsSync(failed.path))
})
