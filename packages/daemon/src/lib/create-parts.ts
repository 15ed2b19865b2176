import { createSessions, type KeyInput, type Sessions } from '@holdfast/core'
import { engineOf } from '@holdfast/core/engine'
import type { AssertionKey } from '@holdfast/protocol'
import type { DaemonParts } from './parts.js'
import { watchReadiness } from './readiness.js'
import type { Settings } from './settings.js'
import { openStore } from './stores.js'

export interface PartsOptions {
  /** Newest first. */
  readonly keys: readonly KeyInput[]
  /** One process of the daemon deletes what has expired. */
  readonly sweeps: boolean
  readonly log: (text: string) => void
}

/** The parts of one process, with what ends them. */
export interface OwnParts extends DaemonParts {
  close(): Promise<void>
}

/** Opens the store and makes the manager. Errors: those of the store, `ERR_SESSION_CONFIG` and `ERR_SESSION_KEY_INVALID`. */
export async function createParts(
  settings: Settings,
  { keys, sweeps, log }: PartsOptions,
): Promise<OwnParts> {
  const { store, disconnect } = await openStore(settings, log)
  try {
    const sessions = createSessions({
      store,
      keys,
      production: true,
      ...settings.session,
      ...(sweeps ? {} : { sweepInterval: Infinity }),
    })
    const readiness = await watchReadiness(store)
    return {
      settings,
      sessions,
      isReady: readiness.isReady,
      assertionKeys: (app) => assertionKeysOf(sessions, app),
      log,
      close: async () => {
        readiness.stop()
        await sessions.close()
        await disconnect()
      },
    }
  } catch (error) {
    await store.close()
    await disconnect()
    throw error
  }
}

/** From each key of the ring one for the application, which tells nothing of the ring or of another application's. */
function assertionKeysOf(sessions: Sessions, app: string): readonly AssertionKey[] {
  return engineOf(sessions)
    .keys.secrets(`assertion/${app}`)
    .map(({ id, secret }) => ({
      kty: 'oct',
      alg: 'HS256',
      kid: id,
      k: Buffer.from(secret).toString('base64url'),
    }))
}
