import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { lmdbStore } from '@holdfast/lmdb'
import { signIn } from '../harness/visitors.js'
import type { Figures, MeasureInput } from '../model.js'
import { fileSize } from './file-size.js'
import { manager } from './setup.js'

const KEPT_TOKENS = 100_000

/** Stores sessions that were made over the half hour before now; tells how the file grew meanwhile. */
export async function measure(input: MeasureInput): Promise<Figures> {
  const path = join(input.folder, 'store')
  const start = Date.now() - 30 * 60_000
  const step = (29 * 60_000) / input.count
  let made = 0
  const options = { clock: () => start + made * step, sweepInterval: Infinity }
  const sessions = manager(input, lmdbStore(path), options)
  const tokens = openSync(join(input.folder, 'tokens'), 'w', 0o600)
  const every = Math.ceil(input.count / KEPT_TOKENS)
  const sizes: Record<string, number> = {}
  const began = performance.now()
  await signIn(sessions, input.count, (token, index) => {
    made += 1
    if (index % every === 0) writeSync(tokens, `${token}\n`)
    if (made === Math.floor(input.count / 10)) sizes['bytesAtTenth'] = fileSize(path) / made
  })
  const micros = ((performance.now() - began) * 1000) / input.count
  closeSync(tokens)
  await sessions.close()
  return { ...sizes, bytes: fileSize(path) / input.count, micros, start, step }
}
