import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { deleteStaleOutput, filterSuites, listSuites, listWorkspaces } from '../lib/workspaces.mjs'

function project() {
  const root = mkdtempSync(join(tmpdir(), 'project-'))
  const files = {
    'package.json': '{"workspaces":["packages/core","packages/stores/*","bench"]}',
    'packages/core/package.json': '{"name":"@holdfast/core"}',
    'packages/core/src/lib/a.ts': '',
    'packages/core/test/a.test.ts': '// @waits\n',
    'packages/core/test/deep/b.test.ts': '',
    'packages/core/test/helper.ts': '',
    'packages/core/dist/src/lib/a.js': '',
    'packages/core/dist/src/lib/gone.js': '',
    'packages/core/dist/src/lib/gone.d.ts.map': '',
    'packages/core/dist/test/gone.test.js': '',
    'packages/core/dist/.tsbuildinfo': '',
    'packages/core/dist/page.css': '',
    'packages/stores/lmdb/package.json': '{"name":"@holdfast/lmdb"}',
    'packages/stores/lmdb/test/c.test.ts': '',
    'packages/stores/lmdb/src/main.ts': '',
    'packages/stores/lmdb/dist/main.js': '',
    'packages/stores/notes.txt': '',
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return { root, has: (path) => existsSync(join(root, path)) }
}

test('workspaces are those of package.json that exist', () => {
  const { root } = project()
  assert.deepEqual(
    listWorkspaces(root).map(({ folder }) => folder),
    ['packages/core', 'packages/stores/lmdb'],
  )
})

test('suites come from the sources, with the file that they compile to', () => {
  const { root } = project()
  const suites = listSuites(root, listWorkspaces(root)[0])
  assert.deepEqual(
    suites.map(({ title, waits }) => [title, waits]),
    [
      ['packages/core/test/a.test.ts', true],
      ['packages/core/test/deep/b.test.ts', false],
    ],
  )
  assert.equal(suites[1].compiled, join(root, 'packages/core/dist/test/deep/b.test.js'))
})

test('a word selects by path or by package name', () => {
  const { root } = project()
  const all = listWorkspaces(root).flatMap((each) => listSuites(root, each))
  const titles = (...words) => filterSuites(all, words).map(({ name }) => name)
  assert.deepEqual(titles('@holdfast/lmdb'), ['c'])
  assert.deepEqual(titles('deep', 'stores/'), ['b', 'c'])
  assert.deepEqual(titles(), ['a', 'b', 'c'])
})

test('compiled files without a source are deleted, all others stay', () => {
  const { root, has } = project()
  const stale = listWorkspaces(root).flatMap(deleteStaleOutput)
  assert.equal(stale.length, 3)
  for (const path of ['src/lib/gone.js', 'src/lib/gone.d.ts.map', 'test/gone.test.js']) {
    assert.ok(!has(`packages/core/dist/${path}`), path)
  }
  for (const path of [
    'core/dist/src/lib/a.js',
    'core/dist/.tsbuildinfo',
    'core/dist/page.css',
    'stores/lmdb/dist/main.js',
  ]) {
    assert.ok(has(`packages/${path}`), path)
  }
})
