import { type ChildProcess, fork } from 'node:child_process'
import type { KeyInput, SessionEvent } from '@holdfast/core'
import type { MetricsReport } from '../metrics/metrics.js'
import type { Settings } from '../settings.js'
import { refused } from './run-folder.js'
import type { NamedSocket } from './doorway.js'
import { type FromWorker, isEnvelope, type ToWorker, wrap } from './messages.js'

/** What the workers of one configuration begin with, and to whom they report. */
export interface CrewOptions {
  readonly settings: Settings
  readonly sockets: readonly NamedSocket[]
  /** As of now: a worker that starts later begins with a later one. */
  readonly ring: () => readonly KeyInput[]
  readonly publish: (event: SessionEvent) => void
  /** Takes the counters of a worker that has ended. */
  readonly depart: (report: MetricsReport) => void
  readonly log: (text: string) => void
}

/** The workers of one configuration. One that crashes is replaced. */
export interface Crew {
  /** Workers that answer. */
  readonly ready: () => number
  /** Resolves when all answer. Where one cannot, it rejects with what that says, and none is left. */
  start(): Promise<void>
  /** Hands a ring to all that have one, and resolves when each has taken it or is gone. */
  distribute(ring: readonly KeyInput[]): Promise<void>
  /** The counters of all that answer in time. */
  reports(): Promise<readonly MetricsReport[]>
  /** Has all of them finish what is under way, for `patience` milliseconds at most. Resolves when none is left. */
  drain(patience: number): Promise<void>
  /** Ends all of them at once. */
  kill(): void
}

const WORKER = new URL('../../worker.js', import.meta.url).pathname
/** The standard streams and the channel of messages. */
const FIRST_SOCKET = 4
/** After this a worker that does not take a message hangs. */
const PATIENCE = 5000
const REPORT_PATIENCE = 1000
/** Beyond what it was given to drain. */
const GRACE = 2000
const FIRST_PAUSE = 100
const LONGEST_PAUSE = 10_000
/** A worker that lived so long crashed for a new reason. */
const LONG_LIFE = 30_000

interface Member {
  readonly worker: ChildProcess
  readonly startedAt: number
  begun: boolean
  ready: boolean
  /** Its counters as it last told them; null when they have departed, or were never told. */
  counters: MetricsReport | null
  /** Called when it has answered the message of this number, with its counters if those were asked for, or is gone. */
  readonly waiting: Map<number, (report: MetricsReport | null) => void>
}

export function createCrew(options: CrewOptions): Crew {
  return new WorkerCrew(options)
}

class WorkerCrew implements Crew {
  readonly #options: CrewOptions
  readonly #members = new Set<Member>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #ending = false
  #pause = FIRST_PAUSE
  #number = 0
  /** While the first workers start. */
  #outcome: { readonly resolve: () => void; readonly reject: (error: Error) => void } | null = null

  constructor(options: CrewOptions) {
    this.#options = options
  }

  readonly ready = (): number => [...this.#members].filter((each) => each.ready).length

  start(): Promise<void> {
    const started = new Promise<void>((resolve, reject) => {
      this.#outcome = { resolve, reject }
    })
    for (let count = 0; count < this.#options.settings.workers; count++) this.#fork()
    return started
  }

  async distribute(ring: readonly KeyInput[]): Promise<void> {
    const number = ++this.#number
    await Promise.all([...this.#members].map((member) => take(member, number, ring)))
  }

  async reports(): Promise<readonly MetricsReport[]> {
    const number = ++this.#number
    const asked = [...this.#members].map((member) => report(member, number))
    return (await Promise.all(asked)).filter((each) => each !== null)
  }

  async drain(patience: number): Promise<void> {
    this.#end()
    await Promise.all([...this.#members].map((member) => leave(member, patience)))
  }

  kill(): void {
    this.#end()
    for (const { worker } of this.#members) worker.kill('SIGKILL')
  }

  #end(): void {
    this.#ending = true
    for (const timer of this.#timers) clearTimeout(timer)
  }

  #fork(): void {
    const { sockets } = this.#options
    const worker = born(sockets)
    if (worker instanceof Error) return this.#lack(`a worker cannot be started (${codeOf(worker)})`)
    const member: Member = {
      worker,
      startedAt: performance.now(),
      begun: false,
      ready: false,
      counters: null,
      waiting: new Map(),
    }
    this.#members.add(member)
    worker.on('message', (message: unknown) => {
      if (isEnvelope<FromWorker>(message)) this.#hear(member, message.holdfast)
    })
    worker.on('error', (error) => {
      // One that has begun says by its exit that it has ended.
      if (worker.pid === undefined)
        this.#gone(member, `a worker cannot be started (${codeOf(error)})`)
    })
    worker.once('exit', (code, signal) =>
      this.#gone(member, `worker ${worker.pid} ended (${signal ?? `code ${code}`})`),
    )
  }

  #hear(member: Member, message: FromWorker): void {
    switch (message.kind) {
      case 'hello':
        return this.#begin(member)
      case 'ready':
        member.ready = true
        if (this.ready() === this.#options.settings.workers) this.#settle(null)
        return
      case 'refused':
        return this.#settle(refused(message.why))
      case 'taken':
        return member.waiting.get(message.number)?.(null)
      case 'report':
        member.counters = message.report
        return member.waiting.get(message.number)?.(message.report)
      case 'last':
        member.counters = null
        this.#options.depart(message.report)
        // Whoever has asked for its counters has these.
        for (const done of member.waiting.values()) done(message.report)
        return
      default:
        for (const event of message.events) this.#options.publish(event)
        if (message.lost > 0)
          this.#options.log(
            `${message.lost} events of a worker are lost: there were too many at once`,
          )
    }
  }

  #begin(member: Member): void {
    const { settings, sockets, ring } = this.#options
    member.begun = true
    tell(member, {
      kind: 'start',
      settings,
      ring: ring(),
      sockets: sockets.map(({ name }, index) => ({ name, fd: FIRST_SOCKET + index })),
    })
  }

  #gone(member: Member, what: string): void {
    this.#members.delete(member)
    // It has crashed: what it has counted since is lost, but no counter goes back.
    if (member.counters !== null) this.#options.depart(member.counters)
    for (const done of member.waiting.values()) done(member.counters)
    if (performance.now() - member.startedAt > LONG_LIFE) this.#pause = FIRST_PAUSE
    this.#lack(what)
  }

  /** There is a worker too few. */
  #lack(what: string): void {
    if (this.#ending) return
    if (this.#outcome !== null) return this.#settle(refused(`the workers do not start: ${what}`))
    this.#options.log(`${what}; another one starts in ${this.#pause} ms`)
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#fork()
    }, this.#pause)
    this.#timers.add(timer)
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE)
  }

  /** The first workers have all begun to answer, or one could not. */
  #settle(error: Error | null): void {
    const outcome = this.#outcome
    this.#outcome = null
    if (error === null) return outcome?.resolve()
    if (outcome === null) return this.#options.log(error.message)
    this.kill()
    outcome.reject(error)
  }
}

/** A new process, or why the system has none. */
function born(sockets: readonly NamedSocket[]): ChildProcess | Error {
  try {
    // Not by node:cluster: there a worker cannot listen on a socket that it has inherited.
    return fork(WORKER, {
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...sockets.map(({ fd }) => fd)],
    })
  } catch (error) {
    return error instanceof Error ? error : new Error('unknown')
  }
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.message
}

function tell({ worker }: Member, message: ToWorker): void {
  // It may have ended this very moment: that is seen at its exit.
  if (worker.connected) worker.send(wrap(message), () => undefined)
}

/** What it has told before where it does not answer in time; null for nothing. */
function report(member: Member, number: number): Promise<MetricsReport | null> {
  if (!member.ready) return Promise.resolve(null)
  return answered(member, number, { kind: 'report', number }, (done) =>
    setTimeout(() => done(member.counters), REPORT_PATIENCE),
  )
}

async function take(member: Member, number: number, ring: readonly KeyInput[]): Promise<void> {
  // Otherwise it has no ring yet, and will be given the one of then.
  if (!member.begun) return
  await answered(member, number, { kind: 'keys', number, ring }, () =>
    setTimeout(() => member.worker.kill('SIGKILL'), PATIENCE),
  )
}

function answered(
  member: Member,
  number: number,
  message: ToWorker,
  late: (done: (report: MetricsReport | null) => void) => NodeJS.Timeout,
): Promise<MetricsReport | null> {
  return new Promise((resolve) => {
    const done = (given: MetricsReport | null): void => {
      clearTimeout(timer)
      member.waiting.delete(number)
      resolve(given)
    }
    const timer = late(done)
    member.waiting.set(number, done)
    tell(member, message)
  })
}

function leave(member: Member, patience: number): Promise<void> {
  const { worker } = member
  return new Promise((resolve) => {
    const timer = setTimeout(() => worker.kill('SIGKILL'), patience + GRACE)
    worker.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    if (member.begun) tell(member, { kind: 'drain', patience })
    else worker.kill('SIGKILL')
  })
}
