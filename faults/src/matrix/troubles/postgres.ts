import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { Client } from 'pg'
import type { PostgresServer } from '../../servers/postgres.js'
import type { Tmpfs } from '../../servers/tmpfs.js'
import { until } from '@holdfast/test-servers/wait'
import { GONE, type Trouble, UNCHANGEABLE } from '../trouble.js'
import type { Scene } from './line.js'

/** A connection past the proxy, which stays open while new ones are shut out. */
class Control {
  readonly #port: number
  readonly #clients: Client[] = []

  constructor(port: number) {
    this.#port = port
  }

  /** One more connection. Rejects where the server takes none. */
  async connect(): Promise<Client> {
    const address = { host: '127.0.0.1', port: this.#port, user: 'holdfast', database: 'postgres' }
    const client = new Client(address)
    client.on('error', () => undefined)
    await client.connect()
    this.#clients.push(client)
    return client
  }

  /** Runs statements on the first connection; gives the first value of the last one. */
  async run(...statements: readonly string[]): Promise<string> {
    const client = this.#clients[0] ?? (await this.connect())
    let value: unknown
    for (const text of statements) {
      const { rows } = await client.query<unknown[]>({ text, rowMode: 'array' })
      value = rows[0]?.[0]
    }
    return String(value)
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.end().catch(() => undefined)))
  }
}

/** What only a PostgreSQL can suffer. */
export function postgresTroubles(scene: Scene<PostgresServer>): readonly Trouble[] {
  const control = new Control(scene.server.port)
  return [
    readOnly(control),
    standby(scene, control),
    passwordChanged(scene, control),
    tooManyConnections(scene, control),
    locked(control),
  ]
}

function readOnly(control: Control): Trouble {
  const set = (value: string): Promise<string> =>
    control.run(
      `alter system set default_transaction_read_only = ${value}`,
      'select pg_reload_conf()',
      "select pg_sleep(0.1), current_setting('default_transaction_read_only')",
    )
  return {
    name: 'read-only (default_transaction_read_only)',
    reach: UNCHANGEABLE,
    begin: async () => void (await set('on')),
    async end() {
      await set('off')
      await control.close()
    },
  }
}

/** The same data, and it may not know what was revoked elsewhere. */
function standby({ server }: Scene<PostgresServer>, control: Control): Trouble {
  return {
    name: 'a standby in its place (in recovery)',
    reach: GONE,
    async begin() {
      const folder = await control.run('show data_directory')
      await control.close()
      await server.kill()
      writeFileSync(join(folder, 'standby.signal'), '')
      await server.start()
    },
    async end() {
      await control.run('select pg_promote()')
      await control.close()
    },
  }
}

/** Who connects anew is asked for a password, and has another. */
function passwordChanged({ proxy }: Scene<PostgresServer>, control: Control): Trouble {
  const rule = (method: string): Promise<string> =>
    control.run(
      `do $$ begin execute format('copy (select ''host all all all ${method}'') to %L',
        current_setting('hba_file')); end $$`,
      'select pg_reload_conf()',
      'select pg_sleep(0.1)',
    )
  return {
    name: 'password changed',
    reach: GONE,
    async begin() {
      await control.run(
        "set password_encryption = 'scram-sha-256'",
        "alter role holdfast password 'new'",
      )
      await rule('scram-sha-256')
      proxy.cut()
    },
    async end() {
      await rule('trust')
      await control.close()
    },
  }
}

function tooManyConnections({ proxy }: Scene<PostgresServer>, control: Control): Trouble {
  return {
    name: 'too many connections',
    reach: GONE,
    async begin() {
      await proxy.shut()
      await until(
        () =>
          control.connect().then(
            () => false,
            () => true,
          ),
        'no connection is left',
      )
      await proxy.open()
    },
    end: () => control.close(),
  }
}

/** Somebody else's migration holds the tables. */
function locked(control: Control): Trouble {
  return {
    name: 'tables locked by another',
    reach: GONE,
    begin: async () =>
      void (await control.run('begin', 'lock table holdfast.epochs, holdfast.sessions')),
    async end() {
      await control.run('rollback')
      await control.close()
    },
  }
}

export function postgresDiskTroubles(
  { server }: Scene<PostgresServer>,
  disk: Tmpfs,
): readonly Trouble[] {
  return [
    {
      name: 'disk full',
      reach: { reads: 'either', writes: 'refused' },
      async begin() {
        disk.fill()
        // What is left of the present log file is used up: the server cannot begin another.
        await server
          .query(
            'create table filler as select repeat(md5(n::text), 99) from generate_series(1, 9999) n',
          )
          .catch(() => undefined)
        for (let times = 0; times < 3; times++)
          await server.query('select pg_switch_wal()').catch(() => undefined)
      },
      async end() {
        disk.free()
        await server.answer()
      },
    },
  ]
}
