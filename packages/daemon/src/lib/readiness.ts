import type { SessionStore } from '@holdfast/core/store'

const NOBODY = '0'.repeat(22)

/** Whether a store answers, as of the last look. */
export interface Readiness {
  readonly isReady: () => boolean
  readonly stop: () => void
}

/** Asks the store for a session that does not exist, once now and then every `interval` milliseconds. */
export async function watchReadiness(
  store: SessionStore,
  interval = 1000,
  patience = 1000,
): Promise<Readiness> {
  let ready = false
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  const look = async (): Promise<void> => {
    ready = await answers(store, patience)
    if (!stopped) timer = setTimeout(() => void look(), interval).unref()
  }
  await look()
  return {
    isReady: () => ready,
    stop: () => {
      stopped = true
      clearTimeout(timer)
    },
  }
}

async function answers(store: SessionStore, patience: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), patience)
  })
  try {
    return await Promise.race([Promise.resolve(store.find(NOBODY)).then(() => true), late])
  } catch {
    return false
  } finally {
    clearTimeout(timer)
  }
}
