import { SessionError } from '@holdfast/core'

/**
 * The HTTP status that an error stands for: 503 where the store or the generator failed, so that a request is refused and
 * never served as anonymous (promise P6); 401, 403 where the client must act; 500 for everything else.
 */
export function statusOf(error: unknown): number {
  return error instanceof SessionError ? error.status : 500
}
