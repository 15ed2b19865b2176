import { type Html, html } from '../html.js'

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' })

/** An instant as people say it, such as "5 minutes ago" or "in 2 hours", with the exact one for machines. */
export function timeOf(at: number, now: number = Date.now()): Html {
  const exact = new Date(at).toISOString()
  return html`<time datetime="${exact}" title="${exact}">${inWords(at - now)}</time>`
}

function inWords(distance: number): string {
  for (const [unit, length] of UNITS) {
    if (Math.abs(distance) >= length) return relative.format(Math.trunc(distance / length), unit)
  }
  return distance > 0 ? 'in less than a minute' : 'just now'
}
