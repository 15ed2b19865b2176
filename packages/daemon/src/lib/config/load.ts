import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Settings } from '../settings.js'
import { readEnvironment, unreadVariables } from './environment.js'
import { Findings } from './findings.js'
import type { Problem } from './problem.js'
import { resolveSettings } from './resolve.js'
import { reasonOf } from './secret.js'
import { checkShape, type Configuration } from './shape.js'
import { shapeProblems, withoutIssues } from './shape-problems.js'
import { mergeSources, type Source } from './source.js'
import { readToml } from './toml.js'

export const DEFAULT_FILE = '/etc/holdfast/holdfast.toml'

/** Where the configuration comes from. */
export interface ConfigPlace {
  /** Default {@link DEFAULT_FILE}, which may be missing; one that is named here must be there. */
  readonly file?: string | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
}

export type Loaded =
  | {
      readonly settings: Settings
      /** What was written, with defaults, for showing. */
      readonly configuration: Configuration
      /** What is allowed and not wise, a sentence each. */
      readonly warnings: readonly string[]
      readonly problems: null
    }
  | { readonly problems: readonly Problem[] }

/**
 * Reads the file, `conf.d/*.toml` beside it in the order of their names, and the environment. Gives settings, or everything that is
 * wrong at once. It never throws for what is written.
 */
export function loadSettings({ file, environment }: ConfigPlace): Loaded {
  const main = resolve(file ?? DEFAULT_FILE)
  const read = [...readFiles(main, file !== undefined)]
  const problems = read.filter((each): each is Problem => 'what' in each)
  const files = read.filter((each): each is Source => 'values' in each)
  const source = mergeSources([...files, readEnvironment(environment)])
  const otherwise = { source: main, line: null }
  const credentials = environment['CREDENTIALS_DIRECTORY']
  const shaped = checkShape(source.values)
  if (!shaped.success) {
    const ofShape = shapeProblems(source, shaped.issues, otherwise)
    const ofRest = restProblems(source, shaped.issues, new Findings(source, main, credentials))
    return { problems: sorted([...problems, ...ofShape, ...ofRest]) }
  }
  const findings = new Findings(source, main, credentials)
  const settings = resolveSettings(shaped.data, findings)
  const all = [...problems, ...findings.problems]
  if (all.length > 0) return { problems: sorted(all) }
  const unread = unreadVariables(environment, Object.keys(shaped.data.apps))
  const warnings = [...findings.warnings, ...unread]
  return { settings, configuration: shaped.data, warnings, problems: null }
}

/** What is wrong in meaning, of what is right in shape: all is to be said at once. */
function restProblems(
  source: Source,
  issues: Parameters<typeof withoutIssues>[1],
  findings: Findings,
): readonly Problem[] {
  const rest = checkShape(withoutIssues(source.values, issues))
  if (!rest.success) return []
  resolveSettings(rest.data, findings)
  const broken = new Set(issues.map(({ path }) => path.slice(0, 2).join('.')))
  // Keys of an application belong together: what is missing now may be there, and have the wrong shape.
  return findings.problems.filter(({ path }) => {
    const table = path.split('.').slice(0, 2).join('.')
    return !table.startsWith('apps.') || !broken.has(table)
  })
}

function* readFiles(main: string, required: boolean): Generator<Source | Problem> {
  yield* readFile(main, required)
  const folder = join(dirname(main), 'conf.d')
  const names = listFolder(folder)
  if ('what' in names) yield names
  else for (const name of names) yield* readFile(join(folder, name), true)
}

/** A folder that is not there has no files; of one that cannot be read nobody knows what it would have said. */
function listFolder(folder: string): readonly string[] | Problem {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.toml') && !name.startsWith('.'))
      .toSorted()
  } catch (error) {
    if (isMissing(error)) return []
    const what = `the folder cannot be read: ${reasonOf(error)}`
    return { place: { source: folder, line: null }, path: '', what }
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function* readFile(file: string, required: boolean): Generator<Source | Problem> {
  try {
    yield readToml(file, readFileSync(file))
  } catch (error) {
    if (isMissing(error) && !required) return
    const place = { source: file, line: null }
    yield { place, path: '', what: `the file cannot be read: ${reasonOf(error)}` }
  }
}

/** In the order in which a reader meets them. */
function sorted(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted(
    (a, b) =>
      a.place.source.localeCompare(b.place.source) || (a.place.line ?? 0) - (b.place.line ?? 0),
  )
}
