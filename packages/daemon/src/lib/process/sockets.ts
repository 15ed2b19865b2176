import type { SocketSettings, TcpSettings } from '../settings.js'
import { bindTcp, bindUnix } from './bind.js'
import { unixPlace } from './unix-place.js'

/** Where a door listens. */
export type Address = SocketSettings | TcpSettings

/** A socket of the workers', kept by the primary process as long as its door is there. */
export interface OwnSocket {
  readonly fd: number
  /** Puts it where clients look for it, with the permissions that it is to have, when somebody listens. */
  publish(settings: Address): void
  close(): void
}

/** Opens the socket of a door: the one that systemd has opened, or a new one. Errors: `ERR_SESSION_CONFIG`, in words. */
export async function openSocket(
  address: Address,
  activated: number | undefined,
): Promise<OwnSocket> {
  // Its permissions are those of its unit, and systemd keeps it.
  if (activated !== undefined)
    return { fd: activated, publish: () => undefined, close: () => undefined }
  if ('path' in address) return await openUnix(address)
  const { fd, close } = bindTcp(address.host, address.port)
  return { fd, publish: () => undefined, close }
}

/** What one address is told from another by. */
export function nameOf(address: Address): string {
  return 'path' in address ? address.path : `${address.host} ${address.port}`
}

async function openUnix({ path }: SocketSettings): Promise<OwnSocket> {
  const place = await unixPlace(path)
  const { fd, close } = place.bind(bindUnix)
  return {
    fd,
    publish: (settings) => {
      if ('path' in settings) place.publish(settings)
    },
    close: () => {
      place.remove()
      close()
    },
  }
}
