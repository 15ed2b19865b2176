import type { ParseArgsConfig } from 'node:util'

/** What a command works with: nothing of the process itself, so that it can be called. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly out: (text: string) => unknown
  readonly err: (text: string) => unknown
  /** Puts a text in place of the last one, for what takes long; '' for none. Null where nobody looks. */
  readonly live: ((text: string) => unknown) | null
  /** For commands that go on until they are stopped: aborts with Ctrl-C, and when nobody reads any more. */
  readonly stopSignal: () => AbortSignal
}

/** The options of a command, as `parseArgs` has them. */
export type Options = NonNullable<ParseArgsConfig['options']>

/** One subcommand; each has a file of its own in `commands/`. */
export interface Command {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** What `--help` prints. */
  readonly help: string
  /** What its first word may be, if it has several actions. */
  readonly actions?: readonly string[]
  readonly options: Options
  /** Gives the exit code. */
  run(args: readonly string[], terminal: Terminal): Promise<number>
}

/** Exit codes, which scripts may rely on. */
export const EXIT = { done: 0, failed: 1, usage: 2, pending: 3, unreachable: 4 } as const

/** The command line is not understood: the message and `--help` say what is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
