import type { DatabaseName } from '../databases/model.js'
import type { FigureSpec, Goal, Row, Scale } from '../model.js'

const NAMES: Readonly<Record<DatabaseName, string>> = {
  redis: 'Redis',
  cluster: 'Redis Cluster, 3 + 3 servers',
  postgres: 'PostgreSQL',
}

/** Every row that needs a database and no web server. */
export function databaseRows(scale: Scale): readonly Row[] {
  return [...sizes(scale), ...revocations(scale), ...growth(scale)]
}

function sizes(scale: Scale): readonly Row[] {
  const row = (name: string, variant: string, database: DatabaseName, goal?: Goal): Row => ({
    name: `${name}, ${shown(scale.stored)} sessions`,
    group: 'size',
    module: 'store-size.js',
    variant,
    count: scale.stored,
    repeats: 1,
    newestOnly: true,
    database,
    figures: [
      { key: 'bytes', title: 'per session', unit: 'B', ...(goal === undefined ? {} : { goal }) },
      { key: 'micros', title: 'sign-in or set, many at once', unit: 'µs' },
    ],
  })
  return [
    row('Holdfast, Redis', 'holdfast', 'redis', { atMost: 320 }),
    row('connect-redis', 'connect-redis', 'redis'),
    row('Holdfast, PostgreSQL (indexes included)', 'holdfast', 'postgres'),
  ]
}

function revocations(scale: Scale): readonly Row[] {
  const row = (database: DatabaseName, variant: '' | 'access'): Row => ({
    name: `${shown(scale.revocations)} revocations${variant === 'access' ? ', by access token' : ''}, ${NAMES[database]}`,
    group: 'revocation',
    module: 'revocation.js',
    variant,
    count: scale.revocations,
    repeats: scale.fewRepeats,
    newestOnly: true,
    database,
    durable: true,
    figures: [
      ...latencies('after', 'acknowledged to refused', { atMost: 10 }),
      ...latencies('whole', 'call to refused'),
    ],
  })
  return (['redis', 'cluster', 'postgres'] as const).flatMap((database) => [
    row(database, ''),
    row(database, 'access'),
  ])
}

function latencies(key: string, title: string, goal?: Goal): readonly FigureSpec[] {
  return [
    { key: `${key}50`, title: `${title}, p50`, unit: 'ms' },
    {
      key: `${key}99`,
      title: `${title}, p99`,
      unit: 'ms',
      ...(goal === undefined ? {} : { goal }),
    },
    { key: `${key}Max`, title: `${title}, max`, unit: 'ms' },
  ]
}

function growth(scale: Scale): readonly Row[] {
  const row = (database: DatabaseName, count: number, processes: number): Row => ({
    name: `${NAMES[database]}, ${shown(count)} sessions, ${processes} ${processes === 1 ? 'process' : 'processes'}`,
    group: 'growth',
    module: 'growth.js',
    variant: String(processes),
    count,
    repeats: scale.fewRepeats,
    newestOnly: true,
    database,
    figures: [
      { key: 'perSecond', title: 'checks, no cache', unit: '/s' },
      { key: 'p50', title: 'p50', unit: 'ms' },
      { key: 'p99', title: 'p99', unit: 'ms' },
      { key: 'sweep', title: 'sweep of a tenth', unit: 'ms' },
    ],
  })
  const few = scale.storedFew / 10
  return (['redis', 'postgres'] as const).flatMap((database) => [
    row(database, few, 1),
    row(database, few, 2),
    row(database, few, 4),
    row(database, scale.storedFew, 1),
    row(database, scale.stored, 1),
  ])
}

function shown(count: number): string {
  return count.toLocaleString('en')
}
