import type { ConfigPlace } from '../config/load.js'
import { createParts, type OwnParts } from '../create-parts.js'
import { adminDoor, monitorDoor } from '../doors.js'
import { KeyKeeper } from '../keys/key-keeper.js'
import type { Control, DaemonParts, DaemonStatus } from '../parts.js'
import { createQueue, type Queue } from '../queue.js'
import type { Settings } from '../settings.js'
import { VERSION } from '../version.js'
import { createLedger, type Ledger } from '../metrics/ledger.js'
import { createMetrics, type Metrics, metricsTextOf } from '../metrics/metrics.js'
import { type AuditTrail, createAuditTrail } from './audit-trail.js'
import { createCrew, type Crew } from './crew.js'
import { createDoorways, type Doorways, type NamedSocket } from './doorway.js'
import { createEventHub, type EventHub } from './event-hub.js'
import { lockFolders } from './lock.js'
import { OwnDoor } from './own-door.js'
import { readSettings } from './read-settings.js'
import { prepareRunFolder, refused } from './run-folder.js'

/** What a primary process begins with. */
export interface PrimaryOptions {
  readonly place: ConfigPlace
  readonly settings: Settings
  readonly activated: ReadonlyMap<string, number>
  readonly log: (text: string) => void
}

/** What administrators start may take its time: this process answers no visitor. */
const ADMIN_PATIENCE = 120_000

/** One configuration in force: the parts of this process, and the workers. */
interface Reign {
  readonly parts: OwnParts
  readonly crew: Crew
}

/**
 * The process that owns configuration, key ring, sockets and administration, and starts, replaces and ends the workers that answer.
 */
export class Primary {
  readonly control: Control
  readonly #place: ConfigPlace
  readonly #log: (text: string) => void
  readonly #startedAt = Date.now()
  readonly #hub: EventHub = createEventHub()
  readonly #metrics: Metrics = createMetrics()
  readonly #ledger: Ledger = createLedger()
  readonly #audit: AuditTrail
  readonly #doorways: Doorways
  readonly #admin: OwnDoor
  readonly #monitor: OwnDoor
  readonly #unlock: () => void
  readonly #keeper: KeyKeeper
  /** Those that answer, and those that are on their way in or out. */
  readonly #crews = new Set<Crew>()
  readonly #leaving = new Set<Promise<void>>()
  readonly #exclusively: Queue = createQueue()
  #settings: Settings
  #reign: Reign | null = null

  /** Takes the folders and the keys. Errors: `ERR_SESSION_CONFIG`, `ERR_SESSION_KEY_INVALID`. */
  constructor({ place, settings, activated, log }: PrimaryOptions) {
    this.#place = place
    this.#settings = settings
    this.#log = log
    this.#doorways = createDoorways(activated)
    this.#audit = createAuditTrail({ log, lost: (count) => this.#metrics.auditLost(count) })
    this.#hub.subscribe((event) => this.#audit.record(event))
    prepareRunFolder(settings.run)
    this.#unlock = lockFolders(settings)
    try {
      this.#keeper = new KeyKeeper(settings, (ring) => this.#distribute(ring))
    } catch (error) {
      this.#unlock()
      throw error
    }
    this.control = {
      keys: () => Promise.resolve(this.#keeper.list()),
      rotateKeys: () => this.#keeper.rotate(),
      retireKey: (id) => this.#keeper.retire(id),
      reload: () => this.#exclusively(() => this.#reload()),
      status: () => Promise.resolve(this.#status()),
    }
    const parts = this.#facade()
    this.#admin = new OwnDoor(() => adminDoor(parts, this.control), activated.get('admin'))
    this.#monitor = new OwnDoor(() => monitorDoor(parts), activated.get('monitor'))
  }

  /** Resolves when every door answers. Errors: those of the store and of the sockets; nothing is left then. */
  async start(): Promise<void> {
    try {
      await this.#audit.open(this.#settings.audit)
      this.#reign = await this.#enthrone(this.#settings)
      await this.#openOwnDoors(this.#settings)
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /** Answers what is under way, within `limits.stop_timeout`, and gives everything back. */
  async stop(): Promise<void> {
    const patience = this.#settings.limits.stopTimeout
    await this.#exclusively(async () => {
      this.#doorways.close()
      await Promise.all([
        this.#admin.close(patience),
        this.#monitor.close(patience),
        ...(this.#reign === null ? [] : [this.#dethrone(this.#reign, patience)]),
        ...this.#leaving,
      ])
      this.#reign = null
      await this.#audit.close()
      this.#unlock()
    })
  }

  /** Opens the audit log anew: it may have been moved away. */
  reopen(): Promise<void> {
    return this.#audit.reopen()
  }

  /** Ends the workers where they stand. */
  kill(): void {
    for (const crew of this.#crews) crew.kill()
    this.#doorways.close()
    this.#unlock()
  }

  async #reload(): Promise<DaemonStatus> {
    const settings = readSettings(this.#place, this.#log)
    for (const key of ['state', 'run'] as const) {
      if (settings[key] !== this.#settings[key])
        throw refused(`daemon.${key} has changed: that needs a restart, nothing was taken over`)
    }
    const [before, old] = [this.#reign, this.#settings]
    try {
      await this.#keeper.adopt(settings, async () => {
        const reign = await this.#enthrone(settings)
        try {
          await this.#openOwnDoors(settings)
          await this.#audit.open(settings.audit)
        } catch (error) {
          await this.#dethrone(reign, 0)
          throw error
        }
        this.#reign = reign
      })
    } catch (error) {
      await this.#restore(old)
      throw error
    }
    this.#settings = settings
    if (before !== null) void this.#dethrone(before, settings.limits.stopTimeout)
    // Only now: until it is on its way out, the old crew may start a worker that inherits them.
    this.#doorways.retire(settings)
    return this.#status()
  }

  /** Takes back what a reload has changed that failed. */
  async #restore(settings: Settings): Promise<void> {
    try {
      this.#doorways.publish(settings)
      this.#doorways.retire(settings)
      await this.#openOwnDoors(settings)
    } catch (error) {
      this.#log(`after the reload that failed: ${error instanceof Error ? error.message : ''}`)
    }
  }

  /** Opens store and sockets of these settings, and starts workers there: both at once, as each takes its time. */
  async #enthrone(settings: Settings): Promise<Reign> {
    const sockets = await this.#doorways.open(settings)
    const crew = this.#hire(settings, sockets)
    const [opened, started] = await Promise.allSettled([this.#openParts(settings), crew.start()])
    if (opened.status === 'rejected') {
      // What the workers say of it would be the same.
      await this.#leave(crew, null, 0)
      throw opened.reason
    }
    try {
      if (started.status === 'rejected') throw started.reason
      this.#doorways.publish(settings)
      return { parts: opened.value, crew }
    } catch (error) {
      await this.#leave(crew, opened.value, 0)
      throw error
    }
  }

  #hire(settings: Settings, sockets: readonly NamedSocket[]): Crew {
    const crew = createCrew({
      settings,
      sockets,
      ring: () => this.#keeper.ring,
      publish: (event) => this.#hub.publish(event),
      depart: (report) => this.#ledger.add(report),
      log: this.#log,
    })
    this.#crews.add(crew)
    return crew
  }

  async #openParts(settings: Settings): Promise<OwnParts> {
    const parts = await createParts(settings, {
      keys: this.#keeper.ring,
      sweeps: true,
      patience: ADMIN_PATIENCE,
      metrics: this.#metrics,
      log: this.#log,
    })
    parts.sessions.on('*', (event) => this.#hub.publish(event))
    return parts
  }

  /** Never rejects. */
  #dethrone({ parts, crew }: Reign, patience: number): Promise<void> {
    const leaving = this.#leave(crew, parts, patience)
    this.#leaving.add(leaving)
    return leaving.finally(() => this.#leaving.delete(leaving))
  }

  async #leave(crew: Crew, parts: OwnParts | null, patience: number): Promise<void> {
    try {
      await crew.drain(patience)
      this.#crews.delete(crew)
      await parts?.close()
    } catch (error) {
      this.#log(`at the end: ${error instanceof Error ? error.message : 'an unknown error'}`)
    }
  }

  async #openOwnDoors({ admin, monitor, limits }: Settings): Promise<void> {
    await this.#admin.open(admin, limits.stopTimeout)
    await this.#monitor.open(monitor, limits.stopTimeout)
  }

  async #distribute(ring: KeyKeeper['ring']): Promise<void> {
    this.#reign?.parts.sessions.setKeys(ring)
    await Promise.all([...this.#crews].map((crew) => crew.distribute(ring)))
  }

  /** What the doors of this process work with: always the settings in force. */
  #facade(): DaemonParts {
    const current = (): OwnParts => {
      if (this.#reign === null) throw refused('the daemon is not there yet, or not any more')
      return this.#reign.parts
    }
    return {
      get settings() {
        return current().settings
      },
      get sessions() {
        return current().sessions
      },
      isReady: () => this.#reign !== null && this.#reign.crew.ready() > 0 && current().isReady(),
      assertionKeys: (app) => current().assertionKeys(app),
      get jwks() {
        return current().jwks
      },
      events: this.#hub,
      metrics: this.#metrics,
      metricsText: () => this.#metricsText(),
      log: this.#log,
    }
  }

  /** Of all processes: those that are, and what those have counted that were. */
  async #metricsText(): Promise<string> {
    // Of the moment in which the others are asked: a worker that ends meanwhile answers with its last.
    const departed = this.#ledger.reports()
    const crews = await Promise.all([...this.#crews].map((crew) => crew.reports()))
    const own = await this.#metrics.report()
    return await metricsTextOf([own, ...crews.flat(), ...(await departed)])
  }

  #status(): DaemonStatus {
    return {
      version: VERSION,
      startedAt: this.#startedAt,
      workers: this.#reign?.crew.ready() ?? 0,
      store: this.#settings.store.kind,
      ready: this.#reign?.parts.isReady() ?? false,
    }
  }
}
