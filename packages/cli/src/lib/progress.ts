import type { Terminal } from './command.js'

/** What is done sooner needs no word. */
const FIRST = 1_000
const EVERY = 500

/**
 * Waits for `work`. Where somebody looks at standard error, a line there says what is waited for and for how long, and goes when
 * it is over. Elsewhere, such as in a log, nothing is written.
 */
export async function withProgress<T>(
  { live }: Terminal,
  what: string | (() => string),
  work: Promise<T>,
): Promise<T> {
  if (live === null) return await work
  const begun = performance.now()
  let said = false
  const say = (): void => {
    const waited = performance.now() - begun
    if (waited < FIRST) return
    said = true
    const text = typeof what === 'string' ? what : what()
    live(`${text} … ${Math.floor(waited / 1_000)} s`)
  }
  const timer = setInterval(say, EVERY)
  try {
    return await work
  } finally {
    clearInterval(timer)
    if (said) live('')
  }
}
