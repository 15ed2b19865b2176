import { createSessions } from '@holdfast/core'
import { createAssertionKeys, createCheckDoor } from '@holdfast/daemon'
import { lmdbStore } from '@holdfast/lmdb'
import { settings } from '../support/settings.js'
import { nobodyWatches } from '../support/watching.js'
import type { ServerInput } from './main.js'

// A check door in a process of its own, on a store that others write.
process.on('message', ({ folder, path, policy }: ServerInput) => {
  const sessions = createSessions({ store: lmdbStore(folder), ...policy })
  const door = createCheckDoor({
    settings: settings(),
    sessions,
    isReady: () => true,
    ...nobodyWatches(),
    assertionKeys: createAssertionKeys(sessions),
    log: (text) => process.stderr.write(`${text}\n`),
  })
  door.server.listen(path, () => process.send?.('listening'))
})
process.on('disconnect', () => process.exit(0))
