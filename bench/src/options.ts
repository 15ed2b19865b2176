import { parseArgs } from 'node:util'
import type { Scale } from './model.js'

export interface Options {
  readonly scale: Scale['name']
  /** Also the row that takes half an hour by itself. */
  readonly large: boolean
  /** One JSON object on standard output instead of tables. */
  readonly json: boolean
  /** Tables for a document on standard output. */
  readonly markdown: boolean
  /** Only rows whose group or name holds one of these words; all if empty. */
  readonly only: readonly string[]
  /** Node versions to measure on, such as `node24`; all if empty. */
  readonly nodes: readonly string[]
  readonly writeResults: boolean
  /** A file with what an earlier `--json` printed, to be shown or written instead of a new run. */
  readonly from: string | null
  readonly help: boolean
}

export const HELP = `npm run bench -- [options]

  --quick            less of everything: to see that it runs, not for figures to publish
  --large            growth also at 10,000,000 sessions on Redis: half an hour and 4 GB of memory more
  --json             one JSON object on standard output (npm adds its banner: npm run --silent bench -- --json)
  --markdown         tables for a document on standard output
  --only <word>      groups (check, token, memory, write, sweep, file, http, daemon, workers,
                     nginx, size, revocation, growth) or rows with this word; may be repeated
  --node20 --node24  on this Node alone
  --write-results    also put the tables into bench/RESULTS.md
  --from <file>      show, or write, what an earlier run printed with --json
`

/** Reads the command line. Throws TypeError for an option that does not exist. */
export function readOptions(args: readonly string[]): Options {
  const nodes = args.filter((arg) => /^--node\d+$/.test(arg)).map((arg) => arg.slice(2))
  const { values } = parseArgs({
    args: args.filter((arg) => !/^--node\d+$/.test(arg)),
    options: {
      quick: { type: 'boolean', default: false },
      smoke: { type: 'boolean', default: false },
      large: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      markdown: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      'write-results': { type: 'boolean', default: false },
      from: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const small = values.smoke ? 'smoke' : 'quick'
  return {
    scale: values.smoke || values.quick ? small : 'full',
    large: values.large,
    json: values.json,
    markdown: values.markdown,
    only: values.only,
    nodes,
    writeResults: values['write-results'],
    from: values.from ?? null,
    help: values.help,
  }
}

/** Whether a row is asked for. */
export function isWanted({ only }: Options, group: string, name: string): boolean {
  const text = `${group} ${name}`.toLowerCase()
  return only.length === 0 || only.some((word) => text.includes(word.toLowerCase()))
}
