import { Redis } from 'ioredis'
import { freePort } from '@holdfast/test-servers/process'
import type { RedisServer } from '../../servers/redis.js'
import type { Tmpfs } from '../../servers/tmpfs.js'
import { pause, until } from '@holdfast/test-servers/wait'
import { GONE, repeated, type Trouble, UNCHANGEABLE, WELL } from '../trouble.js'
import type { Scene } from './line.js'

/** Once a second, and some more. */
const HEARTBEAT = 1300

/** A connection past the proxy that stays, for what shuts new ones out. */
class Control {
  readonly #port: number
  #client: Redis | null = null

  constructor(port: number) {
    this.#port = port
  }

  async call(name: string, ...args: string[]): Promise<unknown> {
    this.#client ??= new Redis(this.#port, '127.0.0.1', { retryStrategy: () => null })
    return this.#client.call(name, ...args)
  }

  close(): void {
    this.#client?.disconnect()
    this.#client = null
  }
}

/** What only a Redis can suffer. */
export function redisTroubles({ server, proxy }: Scene<RedisServer>): readonly Trouble[] {
  const control = new Control(server.port)
  const change = (name: string, reach: Trouble['reach'], on: string[], off: string[]): Trouble => ({
    name,
    reach,
    async begin() {
      await control.call(...split(on))
      // Who is connected already goes on as before.
      proxy.cut()
    },
    async end() {
      await control.call(...split(off))
      control.close()
    },
  })
  return [
    {
      name: 'scripts flushed again and again',
      reach: WELL,
      ...repeated(100, () => server.command('SCRIPT', 'FLUSH')),
    },
    {
      name: 'memory exhausted (OOM)',
      reach: UNCHANGEABLE,
      begin: async () => void (await server.command('CONFIG', 'SET', 'maxmemory', '1mb')),
      end: async () => void (await server.command('CONFIG', 'SET', 'maxmemory', '0')),
    },
    {
      name: 'a replica in its place (READONLY)',
      // It may not know what has been revoked.
      reach: GONE,
      async begin() {
        await server.command('REPLICAOF', '127.0.0.1', String(await freePort()))
        // Known by the next heartbeat at the latest.
        await pause(HEARTBEAT)
      },
      end: async () => void (await server.command('REPLICAOF', 'NO', 'ONE')),
    },
    change(
      'password changed (NOAUTH)',
      GONE,
      ['CONFIG', 'SET', 'requirepass', 'another'],
      ['CONFIG', 'SET', 'requirepass', ''],
    ),
    change(
      'too many connections',
      GONE,
      ['CONFIG', 'SET', 'maxclients', '1'],
      ['CONFIG', 'SET', 'maxclients', '10000'],
    ),
  ]
}

function split([name = '', ...args]: readonly string[]): [string, ...string[]] {
  return [name, ...args]
}

/** With `appendfsync always` a server that cannot write its log ends. */
export function redisDiskTroubles({ server }: Scene<RedisServer>, disk: Tmpfs): readonly Trouble[] {
  return [
    {
      name: 'disk full',
      reach: GONE,
      async begin() {
        disk.fill()
        // What was left of the log's last page is used up.
        const more = (): Promise<unknown> => server.command('SET', 'filler', 'x'.repeat(8192))
        await until(
          () =>
            more().then(
              () => false,
              () => true,
            ),
          'the disk is full',
        )
      },
      async end() {
        disk.free()
        await server.answer()
        await server.command('DEL', 'filler')
      },
    },
  ]
}
