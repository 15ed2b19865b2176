import { ask, end, start } from '../harness/child.js'
import type { ServerInput, Started } from './model.js'

const SCRIPT = new URL('./server.js', import.meta.url)
const TIME_LIMIT = 60_000

/** One of the variants, in a process of its own. */
export interface OneServer extends Started {
  /** Microseconds of CPU time so far. */
  readonly cpu: () => Promise<number>
  readonly stop: () => Promise<void>
}

export async function startOne(
  node: string,
  core: number | null,
  input: Omit<ServerInput, 'kind'>,
): Promise<OneServer> {
  const child = start({ node, script: SCRIPT, core })
  try {
    const started = await ask<Started>(child, { kind: 'start', ...input }, TIME_LIMIT)
    return {
      ...started,
      cpu: () => ask<number>(child, { kind: 'cpu' }, TIME_LIMIT),
      stop: () => end(child),
    }
  } catch (error) {
    await end(child)
    throw error
  }
}
