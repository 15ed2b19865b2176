import type { Place } from './problem.js'
import { allKeys, schemaAt } from './schema-walk.js'
import { mergeSources, type Source } from './source.js'

const NAME = /^HOLDFAST_([A-Z0-9-]+(?:_[A-Z0-9-]+)*(?:__[A-Z0-9-]+(?:_[A-Z0-9-]+)*)+)$/

/** The environment's part of the configuration: `HOLDFAST_SESSION__IDLE_TIMEOUT=15m`. Other variables are none of ours. */
export function readEnvironment(environment: Readonly<Record<string, string | undefined>>): Source {
  const sources: Source[] = []
  for (const [name, value] of Object.entries(environment)) {
    const [, rest] = NAME.exec(name) ?? []
    if (rest !== undefined && value !== undefined) sources.push(sourceOf(name, rest, value))
  }
  return mergeSources(sources)
}

/**
 * Variables that are meant for a key and say so with one underscore where there should be two: without a word of it, a limit would not
 * hold that somebody believes in.
 */
export function unreadVariables(
  environment: Readonly<Record<string, string | undefined>>,
  apps: readonly string[],
): readonly string[] {
  const meant = new Map(
    allKeys()
      .flatMap((key) => (key.includes('NAME') ? apps.map((app) => key.replace('NAME', app)) : key))
      .map((key) => `HOLDFAST_${key.toUpperCase().replaceAll('.', '__')}`)
      .map((name) => [name.replaceAll('__', '_'), name]),
  )
  return Object.keys(environment).flatMap((name) => {
    const right = name.includes('__') ? undefined : meant.get(name)
    const what = 'is not read; two underscores stand between levels'
    return right === undefined ? [] : [`environment variable ${name}: ${what}: ${right}`]
  })
}

function sourceOf(name: string, rest: string, text: string): Source {
  const path = rest.toLowerCase().split('__')
  const place: Place = { source: `environment variable ${name}`, line: null }
  const values = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), typed(path, text))
  return {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a path has at least two parts
    values: values as Source['values'],
    places: new Map([[path.join('.'), place]]),
  }
}

/** A text as the type that the key has; as it is where it does not look like that, which is then said of it. */
function typed(path: readonly string[], text: string): unknown {
  switch (schemaAt(path)?.type) {
    case 'integer':
      return /^-?\d{1,15}$/.test(text) ? Number(text) : text
    case 'boolean':
      return text === 'true' || text === 'false' ? text === 'true' : text
    case 'array':
      return text === '' ? [] : text.split(',').map((each) => each.trim())
    default:
      return text
  }
}
