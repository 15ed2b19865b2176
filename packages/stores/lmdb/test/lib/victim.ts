import { writeSync } from 'node:fs'
import { lmdbStore } from '../../src/index.js'
import { newRecord } from '@holdfast/conformance/records'

/**
 * A process that writes as fast as it can and says on its standard output what has been acknowledged to it, one line
 * each, until it is killed: `I id subject` inserted, `U id n` counter set to n, `R id` revoked, `S subject` revoked.
 */
const [, , path = '', name = ''] = process.argv
const pause = new Int32Array(new SharedArrayBuffer(4))

/** A whole line or none: the dot at its end tells the reader that nothing is missing. */
function say(line: string): void {
  const bytes = Buffer.from(`${line} .\n`)
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(1, bytes, at)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error
      // The reader is behind.
      Atomics.wait(pause, 0, 0, 1)
    }
  }
}

const store = lmdbStore(path)
say('open')
await Promise.all(Array.from({ length: 6 }, (_, chain) => write(`${name}-${chain}`)))

async function write(chain: string): Promise<void> {
  for (let round = 0; ; round++) {
    const subject = `${chain}-${round}`
    const first = await live(subject)
    await live(subject)
    await store.revoke({ kind: 'session', id: first }, { at: Date.now(), reason: 'victim' })
    say(`R ${first}`)
    if (round % 3 !== 0) continue
    await store.revoke({ kind: 'subject', subject }, { at: Date.now(), reason: 'victim' })
    say(`S ${subject}`)
  }
}

async function live(subject: string): Promise<string> {
  const now = Date.now()
  const record = newRecord({ subject, epoch: store.epoch() })
  const { status } = await store.insert(record, { now, limit: null })
  if (status !== 'inserted') throw new Error(`insert: ${status}`)
  say(`I ${record.id} ${subject}`)
  for (let count = 1; count <= 3; count++) {
    const set = new Map([['app:count', String(count)]])
    const changed = await store.update(record.id, { now, set })
    if (changed.status !== 'updated') throw new Error(`update: ${changed.status}`)
    say(`U ${record.id} ${count}`)
  }
  return record.id
}
