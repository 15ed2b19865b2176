import { setTimeout as sleep } from 'node:timers/promises'

const PAUSE = 250

/** Whether an error says that nobody answered, which may change. */
export function isSilence(error: unknown): boolean {
  const { status, retryable } = Object(error)
  return status === null && retryable === true
}

/**
 * Asks again and again until the answer is good enough, or `patience` milliseconds are over: then it gives the last answer, or
 * throws where nobody answered. Rejects with the signal's reason when that aborts.
 */
export async function askUntil<T>(
  ask: () => Promise<T>,
  isGood: (answer: T) => boolean,
  patience: number,
  signal?: AbortSignal,
): Promise<T> {
  const end = performance.now() + patience
  for (;;) {
    const over = performance.now() + PAUSE >= end
    try {
      const answer = await ask()
      if (over || isGood(answer)) return answer
    } catch (error) {
      if (over || !isSilence(error)) throw error
    }
    await sleep(PAUSE, undefined, signal === undefined ? {} : { signal })
  }
}
