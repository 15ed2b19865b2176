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
    refuseTwice(args, options)
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

/** `parseArgs` would take the last of them: of two accounts one would be left alone without a word. */
function refuseTwice(args: readonly string[], options: Options): void {
  const { tokens } = parseArgs({ args: [...args], options, allowPositionals: true, tokens: true })
  const seen = new Set<string>()
  for (const token of tokens) {
    if (token.kind !== 'option' || options[token.name]?.multiple === true) continue
    if (seen.has(token.name)) throw new UsageError(`--${token.name} stands twice; give it once.`)
    seen.add(token.name)
  }
}

/** Refuses options that an action does nothing with: who gave them expects something of them. */
export function refuseOptions(values: object, action: string, ...useless: readonly string[]): void {
  const found = useless.find((name) => Object.hasOwn(values, name))
  if (found !== undefined) throw new UsageError(`'${action}' takes no --${found}.`)
}

/** The id of a session at this place. Never quoted where it is none: it may be a token. Errors: {@link UsageError}. */
export function sessionId(text: string): string {
  if (/^[0-9A-Za-z]{22}$/.test(text)) return text
  throw new UsageError(
    "That is no id of a session, which has 22 letters and digits. Of a token it is what stands before the first '-'.",
  )
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
