import type { DatabaseAddress, DatabaseName } from './databases/model.js'

/** What a figure should reach. */
export interface Goal {
  readonly atMost?: number
  readonly atLeast?: number
}

/** One number of a row, such as microseconds of CPU per operation. */
export interface FigureSpec {
  readonly key: string
  readonly title: string
  readonly unit: string
  readonly goal?: Goal
}

/** What one child process measured, by the keys of the row's figures. */
export type Figures = Readonly<Record<string, number>>

export type GroupName =
  | 'check'
  | 'token'
  | 'memory'
  | 'write'
  | 'sweep'
  | 'file'
  | 'http'
  | 'daemon'
  | 'workers'
  | 'nginx'
  | 'size'
  | 'revocation'
  | 'growth'

/** How much work a run does. `smoke` proves that every row still runs, and nothing else. */
export interface Scale {
  readonly name: 'full' | 'quick' | 'smoke'
  /** Processes per variant. */
  readonly repeats: number
  /** Processes per variant where one takes many seconds, or where the answer hardly varies. */
  readonly fewRepeats: number
  readonly warmUpMs: number
  readonly measureMs: number
  readonly writeMs: number
  /** Sessions of the check, HTTP and daemon rows. */
  readonly sessions: number
  /** More than the lmdb store keeps decoded, so that each is new to it when its turn comes again. */
  readonly coldSessions: number
  /** Sessions stored for rows that ask how cost grows. */
  readonly stored: number
  readonly storedFew: number
  /** The same for Redis alone, where that is asked for: half an hour. */
  readonly storedMost?: number
  readonly due: number
  readonly dueFew: number
  readonly revocations: number
  /** How long a database is left alone to see what it has to do then. */
  readonly idleMs: number
  /** Which databases rows may ask for. */
  readonly databases: readonly DatabaseName[]
  readonly http: { readonly warmUp: number; readonly measure: number; readonly connections: number }
}

/** What a measuring process is told. */
export interface MeasureInput {
  readonly scale: Scale
  /** Which of the module's variants. */
  readonly variant: string
  readonly count: number
  /** A folder of its own, removed afterwards. */
  readonly folder: string
  /** A copy, or the original where nothing is written, of the stored sessions that the row asked for. */
  readonly fixture: Fixture | null
  /** The database that the row asked for, empty. */
  readonly database: DatabaseAddress | null
  /** The run's secret key. */
  readonly key: string
}

export type Measure = (input: MeasureInput) => Promise<Figures>

/** An lmdb folder with sessions in it. */
export interface Fixture {
  readonly folder: string
  readonly count: number
  /** Tokens of some of them, one a line. */
  readonly tokens: string
  /** When the first was created, and how many milliseconds lie between two, so that a clock can be set by it. */
  readonly start: number
  readonly step: number
}

export type FixtureName = 'few' | 'many'

/** One row of a table: measured by its own module in processes of its own. */
export interface Row {
  readonly name: string
  readonly group: Exclude<GroupName, 'http' | 'daemon' | 'workers' | 'nginx'>
  readonly module: string
  readonly variant: string
  readonly count: number
  readonly figures: readonly FigureSpec[]
  readonly repeats: number
  readonly flags?: readonly string[]
  readonly fixture?: { readonly name: FixtureName; readonly writes: boolean }
  /** Started for this measurement alone. */
  readonly database?: DatabaseName
  /** Whether each write is on its disk before it is acknowledged. */
  readonly durable?: boolean
  /** Takes long and shows nothing that depends on the Node version: measured on the newest alone. */
  readonly newestOnly?: boolean
}

/** The median of a figure over all processes, and how far they lie apart. */
export interface Summary extends FigureSpec {
  readonly median: number
  readonly min: number
  readonly max: number
  readonly values: readonly number[]
  readonly verdict: 'reached' | 'missed' | null
}

export interface Result {
  readonly group: GroupName
  readonly node: string
  readonly name: string
  readonly processes: number
  readonly figures: readonly Summary[]
}

export interface Runtime {
  /** `node20`, `node24`. */
  readonly name: string
  readonly version: string
  readonly path: string
}

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly kernel: string
  readonly system: string
  readonly nodes: readonly string[]
  readonly loadGenerator: string
  readonly pinned: boolean
  /** Load average of the minute before the run: above 0.5, other work disturbed it. */
  readonly loadBefore: number
}

/** Everything a run found: what `--json` prints. */
export interface Report {
  readonly started: string
  readonly seconds: number
  readonly scale: Scale['name']
  readonly machine: Machine
  readonly results: readonly Result[]
  readonly notes: readonly string[]
}
