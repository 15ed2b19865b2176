/** A process of its own on a store that others use: opens the key set and rotates when it is told to, and says what it then has. */
import { createSessions } from '@holdfast/core'
import { lmdbStore } from '@holdfast/lmdb'
import { storeKeySet } from '@holdfast/tokens'

const [folder = '', key = ''] = process.argv.slice(2)

process.once('message', () => void work())
process.send?.('ready')

async function work(): Promise<void> {
  const sessions = createSessions({ store: lmdbStore(folder), keys: [key], storeTimeout: 60_000 })
  const keys = await storeKeySet(sessions)
  const rotated = await keys.rotate()
  process.send?.(rotated.map(({ kid }) => kid))
  keys.close()
  await sessions.close()
  process.disconnect()
}
