import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const folder = join(import.meta.dirname, '../../test/types')
const tsc = join(
  dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
  'bin/tsc',
)
const OPTIONS =
  '--noEmit --strict --exactOptionalPropertyTypes --skipLibCheck --ignoreConfig --module nodenext --target es2023 --types node'.split(
    ' ',
  )

for (const name of ['declared', 'undeclared']) {
  test(`an application with ${name} session data compiles, and its mistakes do not`, async () => {
    const file = join(folder, `${name}.ts`)
    const run = promisify(execFile)(process.execPath, [tsc, ...OPTIONS, file], {
      cwd: folder,
    })
    const { stdout } = await run.catch((error: { readonly stdout: string }) => error)
    assert.equal(stdout, '')
  })
}
