import type { Goal } from '../model.js'
import type { HttpRow } from '../http/rows.js'

const CHECKED: Goal = { atLeast: 0.55 }
const CACHED: Goal = { atLeast: 0.75 }

/** A place of the site without a check, and with each kind of it. */
function places(what: string, baseline: string): readonly HttpRow[] {
  const row = (name: string, variant: string, share?: Goal): HttpRow => ({
    group: 'nginx',
    name: `${what}, ${name}`,
    variant,
    baseline,
    newestOnly: true,
    notInSmoke: variant !== 'site:app:cached',
    ...(share === undefined ? {} : { share, shareOf: 'requests' }),
  })
  return [
    row('nginx alone', baseline),
    row('checked, memory', `${baseline}:memory`, CHECKED),
    row('checked, holdfastd on lmdb', `${baseline}:lmdb`, CHECKED),
    row('checked, kept for 1 s', `${baseline}:cached`, CACHED),
  ]
}

function crews(what: string, kind: string): readonly HttpRow[] {
  return [1, 2, 4].map((count) => ({
    group: 'workers',
    name: `${what}, ${count} ${count === 1 ? 'process' : 'processes'}`,
    variant: `${kind}:${count}`,
    baseline: `node:${count}`,
    newestOnly: true,
    notInSmoke: kind !== 'node' || count !== 2,
  }))
}

/** Several processes together: the daemon with its workers, and nginx with who stands behind it. */
export const EDGE_ROWS: readonly HttpRow[] = [
  ...crews('node:http alone, 204', 'node'),
  ...crews('holdfastd', 'holdfastd'),
  ...places('file', 'site:file'),
  ...places('application', 'site:app'),
]
