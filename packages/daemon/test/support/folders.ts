import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

const base = mkdtempSync(join(process.env['HOLDFAST_TEST_TMP'] ?? tmpdir(), 'd-'))
let count = 0

after(() => rmSync(base, { recursive: true, force: true }))

/** A path in a folder of this test file's own, at which there is nothing yet. */
export function freshPath(): string {
  count += 1
  return join(base, String(count))
}
