/**
 * Requests of one connection; with the last of them the client is told to come anew. Any worker that has time takes a new connection,
 * while one that is kept stays with the worker that took it, which is mostly the same one when none has anything to do.
 */
export const MOST_REQUESTS = 1_000
