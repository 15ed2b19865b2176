import { ADMIN_HELP, ADMIN_OPTIONS, withAdmin } from '../admin.js'
import { readArguments, refuseMore } from '../arguments.js'
import { type Command, EXIT } from '../command.js'
import { instant, table } from '../table.js'

const HELP = `holdfast status

Says what runs, and whether its store answers.

Options:
${ADMIN_HELP}

Exit codes: 0 it runs and is ready, 1 it runs and is not ready, 2 not understood, 4 no daemon answers`

/** `holdfast status`. */
export const statusCommand: Command = {
  name: 'status',
  summary: 'say whether the daemon runs and is ready',
  help: HELP,
  options: ADMIN_OPTIONS,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, ADMIN_OPTIONS)
    refuseMore(positionals, 0)
    return withAdmin(values, terminal, async (admin) => {
      const { version, startedAt, workers, store, ready } = await admin.status()
      const rows = [
        ['state', ready ? 'ready' : 'NOT READY: its store does not answer'],
        ['version', version],
        ['running since', instant(startedAt)],
        ['workers', String(workers)],
        ['store', store],
      ]
      const json = JSON.stringify({ version, startedAt, workers, store, ready }, null, 2)
      terminal.out(values.json === true ? json : table(['DAEMON', ''], rows))
      return ready ? EXIT.done : EXIT.failed
    })
  },
}
