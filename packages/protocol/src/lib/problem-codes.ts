/**
 * Codes of the answers that the daemon itself makes; what the libraries' errors say comes with their own codes. The set is closed.
 */
export type ProblemCode =
  | 'ERR_DAEMON_REQUEST'
  | 'ERR_DAEMON_TOKEN'
  | 'ERR_DAEMON_RIGHT'
  | 'ERR_DAEMON_NOT_FOUND'
  | 'ERR_DAEMON_METHOD'
  | 'ERR_DAEMON_TIMEOUT'
  | 'ERR_DAEMON_EXISTS'
  | 'ERR_DAEMON_TOO_LARGE'
  | 'ERR_DAEMON_MEDIA_TYPE'
  | 'ERR_DAEMON_HEAD_TOO_LARGE'
  | 'ERR_DAEMON_FAILED'
  | 'ERR_DAEMON_NOT_READY'
