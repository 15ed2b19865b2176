import type { FigureSpec, Goal } from '../model.js'

/** One server of the HTTP table. */
export interface HttpRow {
  readonly name: string
  readonly variant: string
  /** The variant that it is compared with: its framework without sessions. */
  readonly baseline: string
  readonly share?: Goal
}

const NODE = 'raw-node'
const EXPRESS = 'raw-express'

export const HTTP_ROWS: readonly HttpRow[] = [
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
]

/** What is measured of each; the shares of the baseline are worked out from it. */
export const HTTP_FIGURES: readonly FigureSpec[] = [
  { key: 'perSecond', title: 'requests', unit: '/s' },
  { key: 'cpu', title: 'CPU', unit: 'µs' },
  { key: 'p50', title: 'p50', unit: 'ms' },
  { key: 'p99', title: 'p99', unit: 'ms' },
]
