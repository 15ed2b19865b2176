import { once } from 'node:events'
import type { Server } from 'node:net'
import type { Door } from '../parts.js'
import { cannotListen } from './bind.js'
import { type Address, nameOf } from './sockets.js'
import { type UnixPlace, unixPlace } from './unix-place.js'

interface Opened {
  readonly address: Address
  readonly door: Door
  /** Null where it is no unix socket, or systemd's. */
  readonly place: UnixPlace | null
}

/** A door of the primary process, which goes on through a reload unless its address changes. */
export class OwnDoor {
  readonly #make: () => Door
  readonly #activated: number | undefined
  #opened: Opened | null = null

  constructor(make: () => Door, activated: number | undefined) {
    this.#make = make
    this.#activated = activated
  }

  /** Listens there; null for nowhere. What is under way at another address has `patience` milliseconds. Errors: `ERR_SESSION_CONFIG`. */
  async open(address: Address | null, patience: number): Promise<void> {
    const before = this.#opened
    if (address !== null && before !== null && nameOf(before.address) === nameOf(address)) {
      if ('path' in address) before.place?.publish(address)
      this.#opened = { ...before, address }
      return
    }
    this.#opened = address === null ? null : await listen(this.#make(), address, this.#activated)
    if (before !== null) void leave(before, patience)
  }

  async close(patience: number): Promise<void> {
    const before = this.#opened
    this.#opened = null
    if (before !== null) await leave(before, patience)
  }
}

async function listen(
  door: Door,
  address: Address,
  activated: number | undefined,
): Promise<Opened> {
  const { server } = door
  if (activated !== undefined) {
    await listening(server, 'the socket of systemd', () => server.listen({ fd: activated }))
    return { address, door, place: null }
  }
  if (!('path' in address)) {
    const { host, port } = address
    await listening(server, nameOf(address), () => server.listen({ host, port }))
    return { address, door, place: null }
  }
  const place = await unixPlace(address.path)
  await listening(server, address.path, () => place.bind((path) => server.listen({ path })))
  try {
    place.publish(address)
  } catch (error) {
    server.close()
    throw error
  }
  return { address, door, place }
}

async function listening(server: Server, where: string, begin: () => unknown): Promise<void> {
  begin()
  try {
    await once(server, 'listening')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw cannotListen(where, code)
  }
}

async function leave({ door, place }: Opened, patience: number): Promise<void> {
  // First the name, so that nobody comes who would not be answered.
  place?.remove()
  await door.drain(patience)
}
