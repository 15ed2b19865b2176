import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { describeNeed, findExecutable, isDebian, need } from '../lib/system.mjs'

const absent = {
  env: 'HOLDFAST_ABSENT',
  executables: ['no-such-tool'],
  packages: ['tool', 'fonts'],
}
const present = {
  env: 'HOLDFAST_NODE',
  executables: ['no-such-tool', 'node'],
  packages: ['nodejs'],
}

const machine = (changes) => ({
  isDebian: () => true,
  isRoot: () => true,
  install: () => assert.fail('must not install'),
  ...changes,
})

test('what is there is used, and named to the suites', async () => {
  const outcome = await need(present, undefined, machine())
  assert.equal(outcome.installed, false)
  assert.deepEqual(describeNeed(present, outcome), { HOLDFAST_NODE: outcome.path })
})

test('what is missing is told with the command that brings it', async () => {
  const cases = [
    [machine({ isDebian: () => false }), 'this is not Debian'],
    [machine({ isRoot: () => false }), 'this is not root'],
    [machine({ install: async () => 'no network' }), 'could not be installed (no network)'],
    [machine({ install: async () => undefined }), 'its package brought no executable'],
  ]
  for (const [where, why] of cases) {
    const outcome = await need(absent, undefined, where)
    assert.deepEqual(describeNeed(absent, outcome), {
      HOLDFAST_ABSENT_MISSING: `no-such-tool is not installed and ${why}; as root on Debian: apt-get update && apt-get install -y --no-install-recommends tool fonts`,
    })
  }
})

test('an executable is found on the path, a plain file is not', () => {
  const folder = mkdtempSync(join(tmpdir(), 'path-'))
  writeFileSync(join(folder, 'tool'), '')
  assert.equal(findExecutable(['tool'], folder), undefined)
  chmodSync(join(folder, 'tool'), 0o755)
  assert.equal(findExecutable(['other', 'tool'], folder), join(folder, 'tool'))
})

test('Debian and what derives from it are known by os-release', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'os-')), 'os-release')
  const is = (text) => {
    writeFileSync(file, text)
    return isDebian(file)
  }
  assert.equal(is('NAME="Debian"\nID=debian\n'), true)
  assert.equal(is('ID=ubuntu\nID_LIKE=debian\n'), true)
  assert.equal(is('ID=fedora\n'), false)
  assert.equal(isDebian('/nonexistent'), false)
})
