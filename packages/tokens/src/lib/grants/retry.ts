import { SessionError } from '@holdfast/core'

const MOST = 200
/** From here on, those who keep colliding wait for a moment of their own. */
const EAGER = 3
const LONGEST_PAUSE = 20

/**
 * Makes a read-modify-write, again as long as it gives null because others got in its way; in the end
 * `ERR_SESSION_CONFLICT`, which may be tried again.
 */
export async function retry<T>(work: () => Promise<T | null>): Promise<T> {
  for (let attempt = 1; attempt <= MOST; attempt++) {
    const done = await work()
    if (done !== null) return done
    if (attempt >= EAGER) await pause(Math.random() * Math.min(attempt, LONGEST_PAUSE))
  }
  throw new SessionError(
    'ERR_SESSION_CONFLICT',
    `the session changed between read and write ${MOST} times in a row; try again later`,
    { retryable: true },
  )
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
  })
}
