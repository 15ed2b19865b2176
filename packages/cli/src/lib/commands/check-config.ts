import { readArguments, refuseMore } from '../arguments.js'
import { type Command, EXIT } from '../command.js'

const OPTIONS = { config: { type: 'string' } } as const

const HELP = `holdfast check-config [--config <file>]

Reads the daemon's configuration as it would, and says what is in force, or everything that is wrong: file,
line and remedy. Starts nothing.

Options:
  --config <file>  Default: /etc/holdfast/holdfast.toml
  --help           This text

Exit codes: 0 it is good, 1 it is not, 2 not understood`

/** `holdfast check-config`. */
export const checkConfigCommand: Command = {
  name: 'check-config',
  summary: "say what is in force, or wrong, in the daemon's configuration",
  help: HELP,
  options: OPTIONS,
  async run(args, { env, out, err }) {
    const { values, positionals } = readArguments(args, OPTIONS)
    refuseMore(positionals, 0)
    const { checkConfig } = await import('@holdfast/daemon')
    const { good, text, warnings } = checkConfig({ file: values.config, environment: env })
    for (const warning of warnings) err(`warning: ${warning}`)
    if (good) out(text)
    else err(text)
    return good ? EXIT.done : EXIT.failed
  },
}
