import type { AppSettings, Settings } from '../settings.js'
import { type Address, nameOf, openSocket, type OwnSocket } from './sockets.js'

/** A socket and the name of the door that it is for. */
export interface NamedSocket {
  readonly name: string
  readonly fd: number
}

interface Wanted {
  /** As the door is called, and as a systemd socket of it is. */
  readonly name: string
  readonly address: Address
}

/** The sockets of the workers' doors, which outlive the workers. */
export interface Doorways {
  /** Those of these settings; new ones are opened. Errors: `ERR_SESSION_CONFIG`; then nothing has changed. */
  open(settings: Settings): Promise<readonly NamedSocket[]>
  /** The workers of these settings listen: gives each socket its place and permissions. */
  publish(settings: Settings): void
  /** Closes what these settings have no use for. */
  retire(settings: Settings): void
  close(): void
}

export function createDoorways(activated: ReadonlyMap<string, number>): Doorways {
  /** By name and address: an application whose port has changed has another socket. */
  const present = new Map<string, OwnSocket>()
  const keyOf = ({ name, address }: Wanted): string => `${name} ${nameOf(address)}`
  return {
    async open(settings) {
      const wanted = wantedBy(settings)
      const opened: string[] = []
      try {
        for (const each of wanted) {
          if (present.has(keyOf(each))) continue
          present.set(keyOf(each), await openSocket(each.address, activated.get(each.name)))
          opened.push(keyOf(each))
        }
      } catch (error) {
        for (const key of opened) closeOne(present, key)
        throw error
      }
      return wanted.flatMap((each) => {
        const socket = present.get(keyOf(each))
        return socket === undefined ? [] : [{ name: each.name, fd: socket.fd }]
      })
    },
    publish(settings) {
      for (const each of wantedBy(settings)) present.get(keyOf(each))?.publish(each.address)
    },
    retire(settings) {
      const kept = new Set(wantedBy(settings).map(keyOf))
      for (const key of present.keys()) if (!kept.has(key)) closeOne(present, key)
    },
    close() {
      for (const key of present.keys()) closeOne(present, key)
    },
  }
}

function closeOne(present: Map<string, OwnSocket>, key: string): void {
  present.get(key)?.close()
  present.delete(key)
}

function wantedBy({ check, apps }: Settings): readonly Wanted[] {
  return [
    { name: 'check', address: check.socket },
    ...(check.tcp === null ? [] : [{ name: 'check/tcp', address: check.tcp }]),
    ...apps.flatMap(appDoors),
  ]
}

function appDoors({ name, socket, tcp }: AppSettings): readonly Wanted[] {
  const own = { name: `app-${name}`, address: socket }
  // "/" is in no name of an application.
  return tcp === null ? [own] : [own, { name: `app-${name}/tcp`, address: tcp }]
}
