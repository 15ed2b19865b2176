import type { DaemonStatus } from '@holdfast/client'
import { ADMIN_OPTIONS, adminHelp, withAdmin } from '../admin.js'
import { readArguments, refuseMore } from '../arguments.js'
import { type Command, EXIT } from '../command.js'
import { askUntil } from '../patience.js'
import { withProgress } from '../progress.js'
import { instant, table } from '../table.js'
import { jsonText } from '../text.js'

const OPTIONS = { ...ADMIN_OPTIONS, wait: { type: 'boolean' } } as const

const HELP = `holdfast status [--wait]

Says what runs, and whether its store answers.

Options:
  --wait           Wait until it runs and is ready, for --timeout at most
${adminHelp()}

Exit codes: 0 it runs and is ready, 1 it runs and is not ready, 2 not understood, 4 no daemon answers`

/** `holdfast status`. */
export const statusCommand: Command = {
  name: 'status',
  summary: 'say whether the daemon runs and is ready',
  help: HELP,
  options: OPTIONS,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, OPTIONS)
    refuseMore(positionals, 0)
    const { json = false, wait = false } = values
    return withAdmin(values, terminal, async (admin, patience) => {
      const asked = askUntil(() => admin.status(), isReady, wait ? patience : 0)
      const status = await withProgress(terminal, 'Waiting for the daemon', asked)
      terminal.out(json ? jsonText(fieldsOf(status), 2) : shown(status))
      return status.ready ? EXIT.done : EXIT.failed
    })
  },
}

function isReady({ ready }: DaemonStatus): boolean {
  return ready
}

/** Those that are known here, in an order that scripts may show. */
function fieldsOf({ version, startedAt, workers, store, ready }: DaemonStatus): DaemonStatus {
  return { version, startedAt, workers, store, ready }
}

function shown({ version, startedAt, workers, store, ready }: DaemonStatus): string {
  const rows = [
    ['state', ready ? 'ready' : 'NOT READY: its store does not answer'],
    ['version', version],
    ['running since', instant(startedAt)],
    ['workers', String(workers)],
    ['store', store],
  ]
  return table(['DAEMON', ''], rows)
}
