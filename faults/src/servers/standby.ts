import { until } from '@holdfast/test-servers/wait'
import { Proxy } from '../proxy.js'
import type { StoreConfig } from '../stores.js'
import type { Pair } from './pair.js'
import { PostgresServer } from './postgres.js'

/** With this, a commit is acknowledged once a standby has it on its disk (`synchronous_commit` is on as shipped). */
const SYNCHRONOUS = 'synchronous_standby_names=*'

/** A PostgreSQL and its standby, which takes over when it is told to. */
export class PostgresPair implements Pair {
  readonly link: Proxy
  readonly #synchronous: boolean
  #main: PostgresServer
  #standby: PostgresServer | null = null

  private constructor(main: PostgresServer, link: Proxy, synchronous: boolean) {
    this.#main = main
    this.link = link
    this.#synchronous = synchronous
  }

  /** With `synchronous`, every commit that must last waits for the standby. */
  static async start(synchronous: boolean): Promise<PostgresPair> {
    const main = await PostgresServer.start()
    const pair = new PostgresPair(main, await Proxy.to(main.port), synchronous)
    await pair.attach()
    if (synchronous) {
      // Not before there is one: the tables could not have been made.
      await main.query("alter system set synchronous_standby_names = '*'")
      await main.query('select pg_reload_conf()')
      await pair.#until("sync_state = 'sync'")
    }
    return pair
  }

  get port(): number {
    return this.#main.port
  }

  config(port: number): StoreConfig {
    return { kind: 'postgres', port, forgetful: false }
  }

  async attach(): Promise<void> {
    const settings = this.#synchronous ? [SYNCHRONOUS] : []
    this.#standby = await PostgresServer.standbyOf(this.link.port, settings)
    await this.#until("state = 'streaming'")
  }

  async failOver(): Promise<void> {
    const standby = this.#standby
    if (standby === null) throw new Error('there is no standby')
    await this.#main.kill()
    await this.#main.remove()
    await standby.query('select pg_promote()')
    this.link.cut()
    this.link.target = standby.port
    this.#main = standby
    this.#standby = null
  }

  async remove(): Promise<void> {
    await Promise.all([this.#main.remove(), this.#standby?.remove()])
    await this.link.close()
  }

  /** Waits until the main server says so of the standby. */
  async #until(state: string): Promise<void> {
    const query = `select from pg_stat_replication where ${state}`
    await until(async () => (await this.#main.query(query)).length > 0, 'the standby follows')
  }
}
