import { setTimeout as pause } from 'node:timers/promises'

const PATIENCE = 60_000

/** Waits until it is so. */
export async function until(reached: () => Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + PATIENCE
  while (!(await reached())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${PATIENCE / 1000} s`)
    await pause(10)
  }
}
