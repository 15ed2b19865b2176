import { type Assertion, createAssertionCheck } from '@holdfast/protocol'
import type { AppClient } from './app.js'

/** Reads the header `X-Session-Assertion`: what the daemon says of the request, or null if it is no word of the daemon's. */
export type AssertionReader = (
  header: string | readonly string[] | undefined,
) => Promise<Assertion | null>

/** Anybody can send what no key fits: the daemon is not asked more often than this. */
const COOLDOWN = 1_000

/** Options of {@link createAssertionReader}. */
export interface AssertionReaderOptions {
  /** Milliseconds for which keys are good without the daemon's word: so long may one that was retired still be taken. Default 60,000. */
  readonly keyAge?: number
}

/**
 * Makes the reader of the application `app`. It asks the daemon for the keys at the first request, when they change and when they are
 * old, and checks each header by itself. Rejects with `DaemonError` where it has no keys, or old ones, and the daemon does not answer.
 */
export function createAssertionReader(
  client: Pick<AppClient, 'assertionKeys'>,
  app: string,
  { keyAge = 60_000 }: AssertionReaderOptions = {},
): AssertionReader {
  let check: ReturnType<typeof createAssertionCheck> | null = null
  let askedAt = -Infinity
  let knownAt = -Infinity
  let loading: Promise<void> | null = null
  const ask = async (): Promise<void> => {
    const at = performance.now()
    try {
      check = createAssertionCheck(app, await client.assertionKeys())
      knownAt = at
    } finally {
      loading = null
    }
  }
  const load = (): Promise<void> => {
    askedAt = performance.now()
    loading ??= ask()
    return loading
  }
  return async (header) => {
    if (header === undefined) return null
    // Also what fits: a key that was retired because it has leaked fits what its thief makes.
    if (performance.now() - knownAt >= keyAge) await load()
    const said = check?.(header) ?? null
    if (said !== null || performance.now() - askedAt < COOLDOWN) return said
    // The keys may have changed; those that are known are good meanwhile.
    await load().catch(() => undefined)
    return check?.(header) ?? null
  }
}
