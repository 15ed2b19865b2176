import { readArguments, refuseMore } from '../arguments.js'
import { type Command, EXIT } from '../command.js'

const OPTIONS = { config: { type: 'string' } } as const

const HELP = `holdfast serve [--config <file>]

Runs the daemon until a signal ends it: what 'holdfastd' does. SIGHUP reads the configuration again without
dropping a request; SIGTERM and Ctrl-C finish what is under way.

Options:
  --config <file>  Default: /etc/holdfast/holdfast.toml
  --help           This text

Exit codes: 0 it was stopped, 1 it could not start, 2 not understood`

/** `holdfast serve`. */
export const serveCommand: Command = {
  name: 'serve',
  summary: 'run the daemon',
  help: HELP,
  options: OPTIONS,
  async run(args) {
    const { values, positionals } = readArguments(args, OPTIONS)
    refuseMore(positionals, 0)
    // No other command needs it.
    const { serve } = await import('@holdfast/daemon')
    return (await serve({ config: values.config })) === 0 ? EXIT.done : EXIT.failed
  },
}
