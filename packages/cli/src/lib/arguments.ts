import { parseArgs } from 'node:util'
import { type Options, UsageError } from './command.js'

/** What was given: positionals in order, options by name. */
export interface Given<Known extends Options> {
  readonly values: ReturnType<
    typeof parseArgs<{ options: Known; allowPositionals: true; args: string[] }>
  >['values']
  readonly positionals: readonly string[]
}

/** Reads the words of a command line. Errors: {@link UsageError}. */
export function readArguments<const Known extends Options>(
  args: readonly string[],
  options: Known,
): Given<Known> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

/** Refuses words that nothing is done with: a forgotten `--` must not go by unseen. */
export function refuseMore(positionals: readonly string[], most: number): void {
  const extra = positionals[most]
  if (extra !== undefined) throw new UsageError(`'${extra}' is one word too many.`)
}

/** The word at this place. Errors: {@link UsageError} that says what it should be. */
export function wordAt(positionals: readonly string[], at: number, what: string): string {
  const word = positionals[at]
  if (word === undefined || word === '') throw new UsageError(`Which one? Give ${what}.`)
  return word
}
