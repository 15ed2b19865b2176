/**
 * A crash that no store can prevent: ioredis 6.0.0 throws in its socket's handler where a null answers nobody, as one does in some
 * garbage (`DataHandler.shiftCommand`, which calls `reply.toString()`). An answer of any other kind to nobody is an `error` event.
 */
const NULL_TO_NOBODY =
  /^uncaughtException: TypeError: Cannot read properties of null \(reading 'toString'\)\n\s+at DataHandler\.shiftCommand \([^)]*\/ioredis\/built\/DataHandler\.js:/

/** Whether the client library crashed by itself, in a way that is described in docs/choosing-a-store.md. */
export function isOfClient(crash: string): boolean {
  return NULL_TO_NOBODY.test(crash)
}
