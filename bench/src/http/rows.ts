import type { DatabaseName } from '../databases/model.js'
import { EDGE_ROWS } from '../edge/rows.js'
import type { FigureSpec, Goal, Scale } from '../model.js'

/** One server of the HTTP table. */
export interface HttpRow {
  /** Default `http`. */
  readonly group?: 'http' | 'daemon' | 'workers' | 'nginx'
  readonly name: string
  readonly variant: string
  /** The variant that it is compared with: its framework without sessions. */
  readonly baseline: string
  readonly share?: Goal
  /** Where that is a goal of throughput alone. */
  readonly shareOf?: 'requests'
  /** Started for this server alone. */
  readonly database?: DatabaseName
  /** How many store commands a request may take. */
  readonly commands?: Goal
  /** Measured on the newest Node alone. */
  readonly newestOnly?: boolean
  /** Takes seconds to start, and another row proves that it still does. */
  readonly notInSmoke?: boolean
}

const NODE = 'raw-node'
const EXPRESS = 'raw-express'
const FASTIFY = 'raw-fastify'
const CHECK = 'raw-check'

const FEW: Goal = { atMost: 0.02 }

const ROWS: readonly HttpRow[] = [
  { name: 'node:http alone', variant: NODE, baseline: NODE },
  { name: 'node:http + Holdfast, memory', variant: 'holdfast-node:memory', baseline: NODE },
  {
    name: 'node:http + Holdfast, lmdb',
    variant: 'holdfast-node:lmdb',
    baseline: NODE,
    share: { atLeast: 0.85 },
  },
  { name: 'node:http + iron-session', variant: 'iron-session', baseline: NODE },
  { name: 'Express alone', variant: EXPRESS, baseline: EXPRESS },
  { name: 'Express + Holdfast, memory', variant: 'holdfast-express:memory', baseline: EXPRESS },
  {
    name: 'Express + Holdfast, lmdb',
    variant: 'holdfast-express:lmdb',
    baseline: EXPRESS,
    share: { atLeast: 0.97 },
  },
  { name: 'Express + express-session, MemoryStore', variant: 'express-session', baseline: EXPRESS },
  { name: 'Fastify alone', variant: FASTIFY, baseline: FASTIFY },
  {
    name: 'node:http + Holdfast, Redis',
    variant: 'holdfast-node:redis',
    baseline: NODE,
    database: 'redis',
    share: { atLeast: 0.9 },
    commands: FEW,
  },
  {
    name: 'node:http + Holdfast, Redis, no cache',
    variant: 'holdfast-node:redis-uncached',
    baseline: NODE,
    database: 'redis',
    share: { atLeast: 0.55 },
  },
  {
    name: 'node:http + better-auth, Redis',
    variant: 'better-auth',
    baseline: NODE,
    database: 'redis',
  },
  {
    name: 'Express + Holdfast, Redis',
    variant: 'holdfast-express:redis',
    baseline: EXPRESS,
    database: 'redis',
    share: { atLeast: 0.97 },
    commands: FEW,
  },
  {
    name: 'Express + express-session, connect-redis',
    variant: 'express-session:redis',
    baseline: EXPRESS,
    database: 'redis',
  },
  {
    name: 'Fastify + Holdfast, Redis',
    variant: 'holdfast-fastify:redis',
    baseline: FASTIFY,
    database: 'redis',
    share: { atLeast: 0.9 },
    commands: FEW,
  },
  {
    name: 'Fastify + @fastify/session, connect-redis',
    variant: 'fastify-session:redis',
    baseline: FASTIFY,
    database: 'redis',
  },
  {
    name: 'node:http + Holdfast, PostgreSQL',
    variant: 'holdfast-node:postgres',
    baseline: NODE,
    database: 'postgres',
  },
  {
    name: 'node:http + Holdfast, PostgreSQL, no cache',
    variant: 'holdfast-node:postgres-uncached',
    baseline: NODE,
    database: 'postgres',
  },
  { group: 'daemon', name: 'node:http alone, 204', variant: CHECK, baseline: CHECK },
  {
    group: 'daemon',
    name: 'check door, memory',
    variant: 'check-door:memory',
    baseline: CHECK,
    share: { atLeast: 0.85 },
  },
  {
    group: 'daemon',
    name: 'check door, lmdb',
    variant: 'check-door:lmdb',
    baseline: CHECK,
    share: { atLeast: 0.85 },
  },
  ...EDGE_ROWS,
]

/** The rows of a run. */
export function httpRows({ name }: Scale): readonly HttpRow[] {
  return ROWS.filter(({ notInSmoke }) => name !== 'smoke' || notInSmoke !== true)
}

/** What is measured of a server; the shares of the baseline are worked out from it. */
export function httpFigures({ commands, group }: HttpRow): readonly FigureSpec[] {
  return [
    { key: 'perSecond', title: 'requests', unit: '/s' },
    { key: 'cpu', title: group === 'nginx' ? "nginx's CPU" : 'CPU', unit: 'µs' },
    { key: 'checkCpu', title: 'CPU of who it asks', unit: 'µs' },
    { key: 'p50', title: 'p50', unit: 'ms' },
    { key: 'p99', title: 'p99', unit: 'ms' },
    {
      key: 'commands',
      title: 'store commands',
      unit: '',
      ...(commands === undefined ? {} : { goal: commands }),
    },
    { key: 'idle', title: 'store commands when idle', unit: '/s' },
  ]
}
