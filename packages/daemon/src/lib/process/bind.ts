import net from 'node:net'
import { getSystemErrorName } from 'node:util'
import { refused } from './run-folder.js'

/** An address that is bound: by its number another process can inherit it and listen there. */
export interface BoundSocket {
  readonly fd: number
  readonly close: () => void
}

/**
 * Binds a path without listening there. Errors: `ERR_SESSION_CONFIG`.
 *
 * Node documents no way to do that; this is the function by which node:cluster shares sockets. The primary process keeps what it has
 * bound, so that connections wait in the system's queue, and are not refused, while no worker is there.
 */
export function bindUnix(path: string): BoundSocket {
  return bind(path, -1, -1)
}

/** The same for an address of TCP. */
export function bindTcp(host: string, port: number): BoundSocket {
  const { fd, close, error } = bind(host, port, host.includes(':') ? 6 : 4)
  // That it is taken is told only to who asks: whoever listened there now would listen to all the world, at any port.
  const code = error()
  if (code === 0) return { fd, close }
  close()
  throw cannotListen(`${host} port ${port}`, getSystemErrorName(code))
}

function bind(
  address: string,
  port: number,
  type: number,
): BoundSocket & { readonly error: () => number } {
  const make: unknown = Reflect.get(net, '_createServerHandle')
  if (!isFactory(make)) throw new Error('this version of Node cannot bind a socket for others')
  const made = make(address, port, type)
  if (isHandle(made)) {
    return {
      fd: made.fd,
      close: () => made.close(),
      error: () => made.getsockname?.({}) ?? 0,
    }
  }
  const where = port === -1 ? address : `${address} port ${port}`
  throw cannotListen(where, getSystemErrorName(Number(made)))
}

/** The same words for every address that cannot be had. */
export function cannotListen(where: string, code: string): Error {
  const remedy =
    code === 'EADDRINUSE'
      ? 'something else listens there; stop it, or name another address'
      : 'see whether this user may do that'
  return refused(`cannot listen on ${where} (${code}): ${remedy}`)
}

interface Handle {
  readonly fd: number
  close(): void
  /** Of TCP: fills in the address, and gives the number of an error or 0. */
  getsockname?(address: object): number
}

function isFactory(
  value: unknown,
): value is (address: string, port: number, type: number) => unknown {
  return typeof value === 'function'
}

function isHandle(value: unknown): value is Handle {
  return typeof value === 'object' && value !== null && 'fd' in value && 'close' in value
}
