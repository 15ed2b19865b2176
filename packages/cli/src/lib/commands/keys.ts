import type { KeyList } from '@holdfast/client'
import { ADMIN_OPTIONS, adminHelp, withAdmin } from '../admin.js'
import { readArguments, refuseMore, wordAt } from '../arguments.js'
import { type Command, EXIT, UsageError } from '../command.js'
import { withProgress } from '../progress.js'
import { instant, table } from '../table.js'
import { jsonText } from '../text.js'

const HELP = `holdfast keys list
holdfast keys rotate
holdfast keys retire <name>

The keys that make session tokens. 'rotate' makes a new one and signs with it from now on; the tokens of
older keys stay good. 'retire' forgets an older key: its tokens are refused from then on, so do that
when the sessions of its time are over, or at once if it may have leaked.

Options:
${adminHelp()}

Exit codes: 0 done, 1 failed, 2 not understood, 4 no daemon answers`

/** `holdfast keys`. */
export const keysCommand: Command = {
  name: 'keys',
  summary: 'list, rotate and retire the keys of session tokens',
  help: HELP,
  actions: ['list', 'rotate', 'retire'],
  options: ADMIN_OPTIONS,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, ADMIN_OPTIONS)
    const [action] = positionals
    refuseMore(positionals, action === 'retire' ? 2 : 1)
    if (action !== 'list' && action !== 'rotate' && action !== 'retire')
      throw new UsageError('What is to be done? Say list, rotate or retire.')
    const name = action === 'retire' ? wordAt(positionals, 1, 'the name of a key') : ''
    return withAdmin(values, terminal, async (admin) => {
      const asked = {
        list: () => admin.keys(),
        rotate: () => admin.rotateKeys(),
        retire: () => admin.retireKey(name),
      }[action]()
      const keys = await withProgress(terminal, 'Waiting for every worker', asked)
      terminal.out(values.json === true ? jsonText(keys, 2) : shown(keys))
      return EXIT.done
    })
  },
}

function shown({ keys, managed }: KeyList): string {
  const rows = keys.map(({ id, createdAt, signs }) => [
    id,
    instant(createdAt),
    signs ? 'signs' : 'verifies',
  ])
  const whose = managed ? '' : '\nThe keys are in a file of yours: edit it, then reload.'
  return table(['KEY', 'CREATED', 'DOES'], rows) + whose
}
