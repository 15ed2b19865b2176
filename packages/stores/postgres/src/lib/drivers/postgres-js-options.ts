import { connect, type Socket } from 'node:net'

/** Looks at a connection in the time that an answer may take; a listening one hears a beat every second. */
const TICKS = 4
const LISTENING_LIMIT = 3000

/** What postgres.js tells of the server to a function that makes its sockets. */
interface Target {
  readonly host: readonly string[]
  readonly port: readonly number[]
  readonly path?: string | false
  /** There on a connection that listens. */
  readonly onnotify?: unknown
}

/** Options of postgres.js with which it gets over the troubles of a network. */
export interface PostgresJsSettings {
  /** Seconds. */
  readonly connect_timeout: number
  /** Seconds before it connects again. */
  readonly backoff: () => number
  /** postgres.js asks each connection for the types of arrays, and a connection that breaks meanwhile ends the process. */
  readonly fetch_types: false
  readonly socket: (target: Target) => Socket
}

/**
 * Options for an instance of postgres.js that is the sessions' own: `postgres(url, { ...postgresJsOptions(), max: 10 })`.
 *
 * postgres.js offers no way to close a connection that went silent, and sends statements into it until the operating system
 * gives it up, a quarter of an hour later. Its sockets are made here, so that one is closed on which something was sent and
 * nothing came for `silence` milliseconds (default 1000); a listening one after 3 seconds without the store's beat. No
 * statement on such an instance may take longer than `silence`. Errors: `TypeError` for a number that is none above 0.
 */
export function postgresJsOptions(silence = 1000): PostgresJsSettings {
  if (!Number.isFinite(silence) || silence <= 0)
    throw new TypeError('postgresJsOptions(silence): silence must be milliseconds above 0')
  let count = 0
  return {
    connect_timeout: 1,
    backoff: () => 0.25,
    fetch_types: false,
    socket: (target) => {
      const socket = open(target, count++)
      if (target.onnotify === undefined) closeUnanswered(socket, silence)
      else closeQuiet(socket, LISTENING_LIMIT)
      return socket
    },
  }
}

/** Not connected yet: what is written waits, and what goes wrong is told as of any socket. */
function open({ host: hosts, port: ports, path }: Target, count: number): Socket {
  if (typeof path === 'string') return connect(path)
  const [host = 'localhost', port = 5432] = [
    hosts[count % hosts.length],
    ports[count % ports.length],
  ]
  // postgres.js reads them for TLS.
  return Object.assign(connect(port, host), { host, port })
}

/** Counts turns in which nothing came, not time: a process that was held up has not read what is there. */
function closeUnanswered(socket: Socket, limit: number): void {
  let [read, written, turns] = [0, 0, 0]
  each(socket, limit / TICKS, () => {
    const isAnswered = socket.bytesRead !== read || socket.bytesWritten === written
    turns = isAnswered ? 0 : turns + 1
    if (isAnswered) [read, written] = [socket.bytesRead, socket.bytesWritten]
    return turns > TICKS
  })
}

function closeQuiet(socket: Socket, limit: number): void {
  let [read, turns] = [0, 0]
  each(socket, limit / TICKS, () => {
    turns = socket.bytesRead === read ? turns + 1 : 0
    read = socket.bytesRead
    return turns > TICKS
  })
}

/** Looks at a socket again and again, until it is closed or has to be. */
function each(socket: Socket, milliseconds: number, mustClose: () => boolean): void {
  const timer = setInterval(() => {
    if (mustClose()) socket.destroy(new Error('the connection went silent'))
  }, milliseconds)
  timer.unref()
  socket.once('close', () => clearInterval(timer))
}
