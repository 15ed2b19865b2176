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
  const row = (database: DatabaseName, count: number): Row => ({
    name: `${NAMES[database]}, ${shown(count)} sessions`,
    group: 'growth',
    module: 'growth.js',
    variant: '',
    count,
    repeats: count < scale.stored ? scale.fewRepeats : 1,
    newestOnly: true,
    database,
    figures: [
      ...[1, 2, 4].flatMap((processes) => rates(processes)),
      { key: 'bytes', title: 'per session', unit: 'B' },
      { key: 'sweep', title: 'sweep of a tenth', unit: 'ms' },
    ],
  })
  const counts = [scale.storedFew / 10, scale.storedFew, scale.stored]
  const most = scale.storedMost === undefined ? [] : [row('redis', scale.storedMost)]
  return [
    ...counts.map((count) => row('redis', count)),
    ...most,
    ...counts.map((count) => row('postgres', count)),
  ]
}

/** What so many processes at once are given. */
function rates(processes: number): readonly FigureSpec[] {
  const by = `${processes} ${processes === 1 ? 'process' : 'processes'}`
  return [
    { key: `perSecond${processes}`, title: `checks by ${by}`, unit: '/s' },
    { key: `p99of${processes}`, title: `p99, ${by}`, unit: 'ms' },
  ]
}

function shown(count: number): string {
  return count.toLocaleString('en')
}
