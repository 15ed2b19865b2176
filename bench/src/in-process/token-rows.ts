import type { FigureSpec, Goal, Row, Scale } from '../model.js'

const ALGORITHMS = ['EdDSA', 'ES256', 'RS256'] as const

const CPU: FigureSpec = { key: 'cpu', title: 'CPU', unit: 'µs' }
const BARE: readonly FigureSpec[] = [
  { key: 'bare', title: 'node:crypto alone, CPU', unit: 'µs' },
  { key: 'ratio', title: '÷ node:crypto', unit: '', goal: { atMost: 1.2 } },
]

/** Checks of signed access tokens: the first time, again, and by others. */
export function tokenRows(scale: Scale): readonly Row[] {
  const row = (
    name: string,
    module: string,
    variant: string,
    { goal, more = [] }: { readonly goal?: Goal; readonly more?: readonly FigureSpec[] } = {},
  ): Row => ({
    name,
    group: 'token',
    module,
    variant,
    count: scale.sessions,
    repeats: scale.repeats,
    figures: [
      { key: 'wall', title: 'time', unit: 'µs', ...(goal === undefined ? {} : { goal }) },
      CPU,
      ...more,
    ],
  })
  return [
    ...ALGORITHMS.map((alg) => row(`first check, ${alg}`, 'token-first.js', alg, { more: BARE })),
    ...ALGORITHMS.map((alg) => {
      return row(`repeated check, ${alg}`, 'token-repeated.js', alg, { goal: { atMost: 2 } })
    }),
    row('repeated check and its live session, memory', 'token-live.js', 'memory', {
      goal: { atMost: 2 },
    }),
    row('repeated check and its live session, lmdb (read each time)', 'token-live.js', 'lmdb'),
    ...ALGORITHMS.map((alg) => row(`jwtVerify, ${alg} (jose)`, 'token-jose.js', alg)),
    row('access token, RS256 (supertokens-node)', 'token-supertokens.js', ''),
  ]
}
