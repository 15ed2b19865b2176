import { ADMIN_HELP, ADMIN_OPTIONS, withAdmin } from '../admin.js'
import { readArguments, refuseMore } from '../arguments.js'
import { type Command, EXIT, UsageError } from '../command.js'

const OPTIONS = {
  ...ADMIN_OPTIONS,
  follow: { type: 'boolean', short: 'f' },
  type: { type: 'string' },
} as const

const HELP = `holdfast events --follow [--type <name>]

Prints what happens from now on, one JSON object in each line, until it is stopped. What has happened
before is in the audit log.

Options:
  --follow, -f     Go on until Ctrl-C
  --type <name>    Only events of this name, such as token_reuse
${ADMIN_HELP}

Exit codes: 0 stopped, 1 failed, 2 not understood, 4 no daemon answers`

/** `holdfast events`. */
export const eventsCommand: Command = {
  name: 'events',
  summary: 'print what happens',
  help: HELP,
  options: OPTIONS,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, OPTIONS)
    refuseMore(positionals, 0)
    if (values.follow !== true)
      throw new UsageError('Only what happens from now on can be printed: add --follow.')
    const { type } = values
    const stop = terminal.stopSignal()
    return withAdmin(values, terminal, async (admin) => {
      const events = admin.events({ signal: stop, ...(type === undefined ? {} : { type }) })
      try {
        for await (const event of events) terminal.out(JSON.stringify(event))
      } catch (error) {
        if (!stop.aborted) throw error
        return EXIT.done
      }
      if (stop.aborted) return EXIT.done
      terminal.err('The daemon has ended the stream.')
      return EXIT.failed
    })
  },
}
