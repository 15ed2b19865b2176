import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

const base = mkdtempSync(join(process.env['HOLDFAST_TEST_TMP'] ?? tmpdir(), 'tokens-'))
let count = 0

after(() => rmSync(base, { recursive: true, force: true }))

/** The name of a folder that is not there yet. */
export function freshFolder(): string {
  count += 1
  return join(base, String(count))
}
