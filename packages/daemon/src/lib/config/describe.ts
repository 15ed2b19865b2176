import { allKeys } from './schema-walk.js'
import type { Configuration } from './shape.js'
import { isTable } from './source.js'

/** What is in force, as a file would say it; what may hold a secret is hidden, and what is absent left out. */
export function describeConfiguration(configuration: Configuration): string {
  const names = Object.keys(configuration.apps)
  const keys = allKeys().flatMap((key) =>
    key.startsWith('apps.NAME.') ? names.map((name) => key.replace('NAME', name)) : [key],
  )
  const lines: string[] = []
  let open = ''
  for (const key of keys.toSorted((a, b) => tableOf(a).localeCompare(tableOf(b)))) {
    const value = valueAt(configuration, key)
    if (value === undefined) continue
    if (tableOf(key) !== open) {
      open = tableOf(key)
      lines.push(lines.length === 0 ? `[${open}]` : `\n[${open}]`)
    }
    const shown = key === 'store.url' ? '"(hidden)"' : JSON.stringify(value)
    lines.push(`${key.slice(open.length + 1)} = ${shown}`)
  }
  return lines.join('\n')
}

function tableOf(key: string): string {
  return key.slice(0, key.lastIndexOf('.'))
}

function valueAt(value: unknown, key: string): unknown {
  return key
    .split('.')
    .reduce<unknown>((inner, part) => (isTable(inner) ? inner[part] : undefined), value)
}
