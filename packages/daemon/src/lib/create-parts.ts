import { createSessions, type KeyInput } from '@holdfast/core'
import { fileKeySet } from '@holdfast/tokens'
import { createAssertionKeys } from './assertion-keys.js'
import { type Metrics, metricsTextOf } from './metrics/metrics.js'
import type { DaemonParts } from './parts.js'
import type { PublicKeys } from './public-keys.js'
import { watchReadiness } from './readiness.js'
import type { Settings } from './settings.js'
import { openStore } from './stores.js'

export interface PartsOptions {
  /** Newest first. */
  readonly keys: readonly KeyInput[]
  /** One process of the daemon deletes what has expired. */
  readonly sweeps: boolean
  /**
   * Milliseconds that a call of the embedded store may take, where nobody's page waits for it: ending the sessions of an account that
   * has very many is one transaction. Default: what a visitor may wait.
   */
  readonly patience?: number
  /** The counters of this process, which live on through a reload. */
  readonly metrics: Metrics
  readonly log: (text: string) => void
}

/** The parts of one process, with what ends them. */
export interface OwnParts extends DaemonParts {
  close(): Promise<void>
}

/** Opens the store and makes the manager. Errors: those of the store, `ERR_SESSION_CONFIG` and `ERR_SESSION_KEY_INVALID`. */
export async function createParts(
  settings: Settings,
  { keys, sweeps, patience, metrics, log }: PartsOptions,
): Promise<OwnParts> {
  const { store, disconnect } = await openStore(settings, log, patience)
  try {
    const patient = settings.store.kind === 'embedded' ? patience : undefined
    const waiting = patient ?? settings.limits.storeTimeout
    const sessions = createSessions({
      store,
      keys,
      production: true,
      ...settings.session,
      ...(sweeps ? {} : { sweepInterval: Infinity }),
      ...(waiting === null ? {} : { storeTimeout: waiting }),
    })
    const jwks = publicKeysOf(settings)
    metrics.watch(sessions)
    const readiness = await watchReadiness(store)
    return {
      settings,
      sessions,
      isReady: readiness.isReady,
      assertionKeys: createAssertionKeys(sessions),
      jwks,
      events: { subscribe: (listener) => sessions.on('*', listener) },
      metrics,
      metricsText: async () => metricsTextOf([await metrics.report()]),
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

/** The folder's keys as they are when they are asked for: whoever signs may replace them at any time. */
function publicKeysOf({ signingKeys }: Settings): PublicKeys | null {
  if (signingKeys === null) return null
  const set = fileKeySet(signingKeys)
  return () => set.jwks()
}
