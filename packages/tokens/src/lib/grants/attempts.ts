import { SessionError } from '@holdfast/core'

const MOST = 200
/** From here on, those who keep colliding wait for a moment of their own. */
const EAGER = 3
const LONGEST_PAUSE = 20

/**
 * Numbers the attempts of a read-modify-write that others may get in the way of. The last one is followed by
 * `ERR_SESSION_CONFLICT`, which may be tried again.
 */
export async function* attempts(): AsyncGenerator<number, void, undefined> {
  for (let attempt = 1; attempt <= MOST; attempt++) {
    if (attempt > EAGER) await pause(Math.random() * Math.min(attempt, LONGEST_PAUSE))
    yield attempt
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
