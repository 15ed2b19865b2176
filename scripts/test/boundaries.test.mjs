import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { checkBoundaries } from '../lib/boundaries.mjs'

const packages = {
  'packages/core': { name: '@holdfast/core', exports: { '.': './x', './store': './x' } },
  'packages/http': {
    name: '@holdfast/http',
    exports: './x',
    dependencies: { '@holdfast/core': '1' },
  },
  'packages/stores/lmdb': {
    name: '@holdfast/lmdb',
    exports: { '.': './x' },
    dependencies: { '@holdfast/core': '1', lmdb: '1' },
  },
  'packages/adapters/node': {
    name: '@holdfast/node',
    exports: { '.': './x' },
    dependencies: { '@holdfast/core': '1', '@holdfast/http': '1', '@types/express': '1' },
    devDependencies: { '@holdfast/lmdb': '1', express: '1' },
  },
}

function project(files) {
  const root = mkdtempSync(join(tmpdir(), 'boundaries-'))
  const put = (path, text) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const workspaces = [
    'packages/core',
    'packages/http',
    'packages/stores/*',
    'packages/adapters/*',
    'tools/*',
  ]
  put('package.json', JSON.stringify({ workspaces }))
  for (const [folder, manifest] of Object.entries(packages)) {
    put(`${folder}/package.json`, JSON.stringify(manifest))
  }
  for (const [path, text] of Object.entries(files)) put(path, text)
  return root
}

const wrong = [
  [
    'packages/core/src/a.ts',
    `import { readFile } from 'node:fs'`,
    /node:fs.*allowed: node:buffer, node:crypto/,
  ],
  ['packages/core/src/a.ts', `import type { Socket } from 'node:net'`, /node:net/],
  ['packages/core/src/a.ts', `import { hash } from 'crypto'`, /write 'node:crypto'/],
  ['packages/core/src/a.ts', `import _ from 'lodash'`, /'lodash', but no package is allowed/],
  ['packages/core/src/a.ts', `export * from '@holdfast/http'`, /against the direction/],
  ['packages/core/src/a.ts', `const name = 'x'\nawait import(name)`, /:2: imports a computed name/],
  ['packages/core/src/a.ts', `import '@holdfast/core'`, /own package by name/],
  [
    'packages/core/src/a.ts',
    `import { b } from '../test/b.js'`,
    /out of src into packages\/core\/test\/b\.js/,
  ],
  ['packages/http/src/a.ts', `import { hash } from 'node:crypto'`, /none is allowed/],
  [
    'packages/http/src/a.ts',
    `import '@holdfast/core/src/lib/token.js'`,
    /no declared entry point; there are: @holdfast\/core, @holdfast\/core\/store/,
  ],
  [
    'packages/http/test/a.ts',
    `import '@holdfast/core/dist/src/index.js'`,
    /no declared entry point/,
  ],
  [
    'packages/http/src/a.ts',
    `import '../../core/src/a.js'`,
    /out of its package into packages\/core.*'@holdfast\/core'/,
  ],
  ['packages/http/src/a.ts', `import '@holdfast/nothing'`, /no workspace/],
  ['packages/stores/lmdb/src/a.ts', `import '@holdfast/http'`, /stores see core only/],
  [
    'packages/adapters/node/src/a.ts',
    `const store = await import('@holdfast/lmdb')`,
    /never a store/,
  ],
  ['packages/adapters/node/src/a.ts', `import express from 'express'`, /not in dependencies/],
]

for (const [path, text, message] of wrong) {
  test(`${path} is refused: ${text.split('\n').at(-1)}`, () => {
    const { problems } = checkBoundaries(project({ [path]: text }))
    assert.equal(problems.length, 1)
    assert.ok(problems[0].startsWith(`${path}:`), problems[0])
    assert.match(problems[0], message)
  })
}

test('imports along the arrows, and what tests need, are accepted', () => {
  const root = project({
    'packages/core/src/a.ts': `import { hash } from 'node:crypto'\nimport './lib/b.js'\n// import 'node:fs'`,
    'packages/core/test/a.test.ts': `import 'node:fs'\nimport fc from 'fast-check'\nimport '../src/a.js'`,
    'packages/http/src/a.ts': `import type { Store } from '@holdfast/core/store'`,
    'packages/stores/lmdb/src/a.ts': `import { open } from 'lmdb'\nimport 'node:fs'\nimport '@holdfast/core'`,
    'packages/adapters/node/src/a.ts': `import '@holdfast/http'\nimport type { Request } from 'express'`,
    'packages/adapters/node/test/a.test.ts': `import { lmdbStore } from '@holdfast/lmdb'`,
  })
  assert.deepEqual(checkBoundaries(root), { problems: [], files: 6 })
})

test('a workspace without a row in the rules is refused', () => {
  const { problems } = checkBoundaries(project({ 'tools/x/package.json': '{"name":"x"}' }))
  assert.match(problems.join('\n'), /^tools\/x: has no row/)
})
