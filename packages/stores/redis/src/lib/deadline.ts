import { storeFailure, timedOut } from './errors.js'

/** The time that one call has. Steps look at it before they are sent: after it nothing more is begun. */
export class Deadline {
  readonly operation: string
  readonly #timeout: number
  readonly #end: number

  constructor(operation: string, timeout: number) {
    this.operation = operation
    this.#timeout = timeout
    this.#end = performance.now() + timeout
  }

  /** Throws `ERR_SESSION_STORE_TIMEOUT` once the time is over. */
  check(): void {
    if (performance.now() >= this.#end) throw timedOut(this.operation, this.#timeout)
  }
}

/**
 * Runs a call within its time. What a driver keeps in a queue while it has no connection may still be carried out later:
 * every script looks at the record as it finds it, so that does no harm; only nobody hears of it.
 */
export async function within<T>(
  operation: string,
  timeout: number,
  run: (deadline: Deadline) => Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(timedOut(operation, timeout)), timeout)
  })
  try {
    return await Promise.race([run(new Deadline(operation, timeout)), over])
  } catch (error) {
    throw storeFailure(error, operation)
  } finally {
    clearTimeout(timer)
  }
}
