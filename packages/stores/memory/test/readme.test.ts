import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'

const FENCE = /```js\n(.*?)```/gs

test('the store of the conformance README passes the suite, by the test that stands there', () => {
  const readme = new URL('../../../../conformance/README.md', import.meta.url)
  const blocks = [...readFileSync(readme, 'utf8').matchAll(FENCE)].map(([, code = '']) => code)
  const suite = blocks.find((code) => code.includes("from './my-store.mjs'"))
  const store = blocks.find((code) => code.startsWith('// my-store.mjs'))
  assert.ok(suite !== undefined && store !== undefined)
  // Inside the workspace, so that the packages are found by their names.
  const folder = fileURLToPath(new URL(`../readme-${process.pid}`, import.meta.url))
  mkdirSync(folder, { recursive: true })
  try {
    writeFileSync(join(folder, 'my-store.mjs'), store)
    writeFileSync(join(folder, 'suite.mjs'), suite)
    // Without it: a run of its own, not a part of this one.
    const env = { ...process.env }
    delete env['NODE_TEST_CONTEXT']
    const run = spawnSync(process.execPath, ['--test-reporter=tap', join(folder, 'suite.mjs')], {
      encoding: 'utf8',
      env,
    })
    assert.equal(run.status, 0, run.stdout + run.stderr)
    assert.match(run.stdout, /^# pass \d{2,}$/m)
    assert.match(run.stdout, /^# fail 0$/m)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
