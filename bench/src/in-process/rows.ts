import type { FigureSpec, Goal, Row, Scale } from '../model.js'
import { tokenRows } from './token-rows.js'

const wall = (goal?: Goal): FigureSpec => ({
  key: 'wall',
  title: 'time',
  unit: 'µs',
  ...(goal === undefined ? {} : { goal }),
})
const CPU: FigureSpec = { key: 'cpu', title: 'CPU', unit: 'µs' }
const STORE_CALLS: FigureSpec = {
  key: 'storeCalls',
  title: 'store calls',
  unit: '',
  goal: { atMost: 0 },
}

/** Every row that needs no web server. */
export function inProcessRows(scale: Scale): readonly Row[] {
  return [
    ...checks(scale),
    ...tokenRows(scale),
    ...memory(scale),
    ...writes(scale),
    ...sweeps(scale),
    ...files(scale),
  ]
}

function checks(scale: Scale): readonly Row[] {
  const row = (
    name: string,
    module: string,
    goal?: Goal,
    more: Partial<Row> & { readonly figures?: readonly FigureSpec[] } = {},
  ): Row => ({
    name,
    group: 'check',
    module,
    variant: '',
    count: scale.sessions,
    repeats: scale.repeats,
    ...more,
    figures: [wall(goal), CPU, ...(more.figures ?? [])],
  })
  const junk = [STORE_CALLS]
  const among = `among ${scale.stored.toLocaleString('en')}`
  return [
    row('warm check, memory', 'warm-check.js', { atMost: 0.5 }, { variant: 'memory' }),
    row('warm: resolve(token), memory', 'resolve.js'),
    row('warm check, lmdb (bytes read each time)', 'warm-check.js', undefined, {
      variant: 'lmdb',
    }),
    row('cold check, lmdb', 'cold-check.js', { atMost: 6 }, { count: scale.coldSessions }),
    row(
      `cold check, lmdb, ${among}`,
      'cold-check.js',
      { atMost: 6 },
      {
        variant: 'stored',
        fixture: { name: 'many', writes: false },
      },
    ),
    row('through the HTTP transport, memory', 'transport-check.js', undefined, {
      variant: 'memory',
    }),
    row('through the HTTP transport, lmdb', 'transport-check.js', undefined, { variant: 'lmdb' }),
    row('forged token', 'junk.js', { atMost: 3 }, { variant: 'forged', figures: junk }),
    row('malformed token', 'junk.js', { atMost: 3 }, { variant: 'malformed', figures: junk }),
    row('signed cookie (cookie-signature)', 'signed-cookie.js'),
    row('JWT HS256 (jose)', 'jwt.js', undefined, { variant: 'HS256' }),
    row('JWT ES256 (jose)', 'jwt.js', undefined, { variant: 'ES256' }),
    row('iron-session unseal', 'iron-session.js'),
  ]
}

function memory(scale: Scale): readonly Row[] {
  return [scale.storedFew, scale.stored].flatMap((count) => {
    const row = (name: string, module: string, goal?: Goal): Row => ({
      name: `${name}, ${count.toLocaleString('en')} sessions`,
      group: 'memory',
      module,
      variant: '',
      count,
      repeats: count === scale.stored ? 1 : scale.fewRepeats,
      newestOnly: count === scale.stored,
      flags: ['--expose-gc', '--max-old-space-size=8192'],
      figures: [
        { key: 'bytes', title: 'per session', unit: 'B', ...(goal === undefined ? {} : { goal }) },
      ],
    })
    return [
      row('memory store', 'memory-holdfast.js', { atMost: 320 }),
      row('express-session MemoryStore', 'memory-express-session.js'),
    ]
  })
}

const GROUPED = 64

function writes(scale: Scale): readonly Row[] {
  const row = (variant: 'store' | 'session', clients: number): Row => {
    const what = variant === 'store' ? 'store.update' : 'session: open, set, commit'
    return {
      name: `${what}, ${clients} at once`,
      group: 'write',
      module: 'durable-write.js',
      variant,
      count: clients,
      repeats: scale.fewRepeats,
      figures: [
        {
          key: 'loop',
          title: 'event loop CPU',
          unit: 'µs',
          ...(variant === 'store' && clients >= GROUPED ? { goal: { atMost: 12 } } : {}),
        },
        { key: 'active', title: 'event loop busy', unit: 'µs' },
        { key: 'perSecond', title: 'writes', unit: '/s' },
        { key: 'p50', title: 'p50', unit: 'ms' },
        { key: 'p99', title: 'p99', unit: 'ms' },
      ],
    }
  }
  return [
    ...[1, 16, 64, 256].map((clients) => row('store', clients)),
    ...[1, 64, 256].map((clients) => row('session', clients)),
  ]
}

function sweeps(scale: Scale): readonly Row[] {
  const row = (store: 'memory' | 'lmdb', size: 'few' | 'many', count: number, goal?: Goal): Row => {
    const stored = size === 'few' ? scale.storedFew : scale.stored
    return {
      name: `${store}, ${count.toLocaleString('en')} of ${stored.toLocaleString('en')}`,
      group: 'sweep',
      module: 'sweep.js',
      variant: `${store}-${size}`,
      count,
      repeats: size === 'many' && store === 'memory' ? 1 : scale.fewRepeats,
      newestOnly: true,
      flags: ['--max-old-space-size=8192'],
      ...(store === 'lmdb' ? { fixture: { name: size, writes: true } as const } : {}),
      figures: [
        { key: 'total', title: 'total', unit: 'ms' },
        { key: 'each', title: 'per expired', unit: 'µs' },
        { key: 'loop', title: 'event loop CPU', unit: 'µs' },
        {
          key: 'longest',
          title: 'longest pause',
          unit: 'ms',
          ...(goal === undefined ? {} : { goal }),
        },
      ],
    }
  }
  return (['memory', 'lmdb'] as const).flatMap((store) => [
    row(store, 'few', scale.dueFew),
    row(store, 'many', scale.dueFew),
    row(store, 'many', scale.due, { atMost: 10 }),
  ])
}

function files(scale: Scale): readonly Row[] {
  return [
    {
      name: `lmdb, 8 generations of ${scale.dueFew.toLocaleString('en')}, each swept`,
      group: 'file',
      module: 'file-churn.js',
      variant: '',
      count: scale.dueFew,
      repeats: 1,
      newestOnly: true,
      figures: [
        { key: 'bytes', title: 'first, per session', unit: 'B' },
        { key: 'growth', title: 'last ÷ first', unit: '' },
        { key: 'late', title: 'last ÷ third', unit: '' },
      ],
    },
  ]
}

/** What the making of a fixture shows by the way. */
export const FIXTURE_FIGURES: readonly FigureSpec[] = [
  { key: 'bytesAtTenth', title: 'file at a tenth, per session', unit: 'B' },
  { key: 'bytes', title: 'file, per session', unit: 'B' },
  { key: 'micros', title: 'sign-in, 500 at once', unit: 'µs' },
]
