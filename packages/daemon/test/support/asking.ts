import { headerOf, type WireAnswer } from './wire.js'

export const COOKIE = '__Host-session'

/** What a browser adds to a page that it navigates to, and to what a page fetches. */
export const NAVIGATION: Lines = [
  ['Sec-Fetch-Site', 'none'],
  ['Sec-Fetch-Mode', 'navigate'],
  ['Sec-Fetch-Dest', 'document'],
]

export type Lines = readonly (readonly [string, string])[]

export interface Question {
  readonly path?: string
  readonly app?: string | null
  readonly method?: string | null
  readonly proto?: string
  readonly uri?: string
  /** Values of Cookie lines. */
  readonly cookies?: readonly string[]
  /** The one token that the browser has. */
  readonly token?: string
  readonly lines?: Lines
}

/** The lines that a web server sends, with the browser's among them. */
export function linesOf({
  app = 'shop',
  method = 'GET',
  proto = 'https',
  uri = '/cart?item=1',
  token,
  cookies = token === undefined ? [] : [cookie(token)],
  lines = [],
}: Question): Lines {
  const own: (readonly [string, string])[] = [
    ['X-Forwarded-Proto', proto],
    ['X-Forwarded-Host', 'www.example.com'],
    ['X-Forwarded-Uri', uri],
    ['X-Forwarded-For', '203.0.113.7'],
  ]
  if (app !== null) own.push(['X-Session-App', app])
  if (method !== null) own.push(['X-Forwarded-Method', method])
  return [...own, ...cookies.map((value) => ['Cookie', value] as const), ...lines]
}

function cookie(token: string): string {
  return `theme=dark; ${COOKIE}=${token}; consent=yes`
}

/** The token that an answer gives the browser; null if it gives none. */
export function tokenOf(answer: WireAnswer): string | null {
  const line = headerOf(answer, 'set-cookie')
  return line === undefined ? null : (/^__Host-session=([^;]+);/.exec(line)?.[1] ?? '')
}
