import type { HttpRow } from './rows.js'

/** What is asked with every request, beside its Cookie. */
export interface Question {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

const HEADERS: Readonly<Record<string, string>> = {
  Host: 'www.example.com',
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
  Accept: 'text/html,application/json;q=0.9,*/*;q=0.8',
  'Accept-Language': 'en-GB,en;q=0.5',
}

/** What a web server adds. */
const FORWARDED = { 'X-Forwarded-For': '203.0.113.7', 'X-Forwarded-Proto': 'https' }

const BROWSER = {
  'Accept-Encoding': 'gzip, deflate, br',
  Referer: 'https://www.example.com/',
  'Sec-Fetch-Site': 'same-origin',
  'Sec-Fetch-Mode': 'cors',
  'Sec-Fetch-Dest': 'empty',
}

/** As a web server asks: what the browser sent, and what the visitor asked for. */
const CHECK: Question = {
  path: '/v1/check',
  headers: {
    ...HEADERS,
    ...FORWARDED,
    ...BROWSER,
    'X-Session-App': 'shop',
    'X-Forwarded-Method': 'GET',
    'X-Forwarded-Uri': '/cart?item=12',
    'X-Forwarded-Host': 'www.example.com',
  },
}

/** What the servers of a row are asked. */
export function questionOf({ group = 'http', variant }: HttpRow): Question {
  if (group === 'http') return { path: '/', headers: { ...HEADERS, ...FORWARDED } }
  if (group !== 'nginx') return CHECK
  const path = variant.startsWith('site:file') ? '/files/page.html' : '/'
  return { path, headers: { ...HEADERS, ...BROWSER } }
}
