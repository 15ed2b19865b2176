import type { Place } from './problem.js'

/** Nested tables of values, as a TOML file has them. */
export type Table = { readonly [key: string]: unknown }

/** What one file or the environment says, and where it says each thing. */
export interface Source {
  readonly values: Table
  /** By the key's path, joined by dots. */
  readonly places: ReadonlyMap<string, Place>
}

/** Tables merge, later values win. */
export function mergeSources(sources: readonly Source[]): Source {
  return sources.reduce(
    (all, each) => ({
      values: mergeTables(all.values, each.values),
      places: new Map([...all.places, ...each.places]),
    }),
    { values: {}, places: new Map() },
  )
}

function mergeTables(under: Table, over: Table): Table {
  const merged = new Map(Object.entries(under))
  for (const [key, value] of Object.entries(over)) {
    const present = merged.get(key)
    merged.set(key, isTable(present) && isTable(value) ? mergeTables(present, value) : value)
  }
  return Object.fromEntries(merged)
}

export function isTable(value: unknown): value is Table {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
  )
}

/** Where a key was written, or the table that it is missing from; undefined where neither was. */
export function placeOf({ places }: Source, path: readonly PropertyKey[]): Place | undefined {
  for (let length = path.length; length > 0; length--) {
    const place = places.get(path.slice(0, length).join('.'))
    if (place !== undefined) return place
  }
  return undefined
}
