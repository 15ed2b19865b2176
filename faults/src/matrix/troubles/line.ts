import type { Proxy, Trouble as LineTrouble } from '../../proxy.js'
import { pause } from '../../time.js'
import type { StoreServer } from '../../servers/server.js'
import { GONE, PATCHY, repeated, type Trouble, WELL } from '../trouble.js'

/** What stands between the application and its store. */
export interface Scene<S extends StoreServer = StoreServer> {
  readonly server: S
  readonly proxy: Proxy
}

/** Longer than any deadline. */
const LATE = 700
/** Bytes a second: the shortest command takes longer than any deadline. */
const TRICKLE = 40
/** How often connections break: time enough to make them anew in between. */
const AGAIN = 400
/** How long after a restart the application may need to be back (promise P6). */
const RECOVERY = 1000

/** What any server can suffer. */
export function serverTroubles({ server }: Scene): readonly Trouble[] {
  return [
    {
      name: 'killed (kill -9)',
      reach: GONE,
      begin: () => server.kill(),
      end: () => server.start(),
    },
    {
      name: 'stopped (SIGSTOP)',
      reach: GONE,
      begin: () => server.freeze(),
      end: () => server.thaw(),
    },
    {
      name: 'restarted: scripts and prepared statements gone',
      reach: WELL,
      async begin() {
        await server.kill()
        await server.start()
        await pause(RECOVERY)
      },
      end: () => undefined,
    },
  ]
}

/** What any line can suffer. */
export function lineTroubles({ proxy }: Scene): readonly Trouble[] {
  const line = (name: string, trouble: LineTrouble): Trouble => ({
    name,
    reach: GONE,
    begin: () => proxy.set(trouble),
    end: () => proxy.set({ kind: 'none' }),
  })
  return [
    {
      name: 'connection refused',
      reach: GONE,
      begin: () => proxy.shut(),
      end: () => proxy.open(),
    },
    line('connections ended as soon as made', { kind: 'refuse' }),
    {
      name: 'connections cut again and again',
      reach: PATCHY,
      ...repeated(AGAIN, () => proxy.cut()),
    },
    line('blackhole: nothing arrives', { kind: 'blackhole' }),
    line('answers lost', { kind: 'deaf' }),
    {
      name: 'half-closed again and again',
      reach: PATCHY,
      ...repeated(AGAIN, () => proxy.halfClose()),
    },
    line('delayed beyond the deadline', { kind: 'delay', milliseconds: LATE }),
    {
      ...line('throttled to a trickle', { kind: 'throttle', rate: TRICKLE }),
      end: () => {
        proxy.set({ kind: 'none' })
        // What waits in it would take minutes to arrive, whatever is asked for by then.
        proxy.cut()
      },
    },
    line('garbage as answer', { kind: 'garbage' }),
  ]
}
