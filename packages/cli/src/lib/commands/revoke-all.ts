import type { AdminClient, RevokeTarget } from '@holdfast/client'
import { ADMIN_OPTIONS, adminHelp, withAdmin } from '../admin.js'
import { readArguments, refuseMore, sessionId } from '../arguments.js'
import { type Command, EXIT, UsageError } from '../command.js'
import { withProgress } from '../progress.js'

const OPTIONS = {
  ...ADMIN_OPTIONS,
  subject: { type: 'string' },
  except: { type: 'string' },
  everyone: { type: 'boolean' },
  yes: { type: 'boolean' },
  reason: { type: 'string' },
} as const

/** An account may have very many, and all of them end at once or not at all. */
const PATIENCE = 120

const HELP = `holdfast revoke-all --subject <account> [--except <id>] [--reason <word>]
holdfast revoke-all --everyone --yes [--reason <word>]

Ends all sessions of an account, and every sign-in of it that is under way; or those of everybody. Done
is durable: when the command ends, no server of this daemon's store takes these sessions any more.

Options:
  --subject <a>    The account
  --except <id>    A session that goes on
  --everyone       All sessions of all accounts; says so with --yes, for it cannot be undone
  --reason <word>  Why, for the audit log. Default: revoked
${adminHelp(PATIENCE)}

Exit codes: 0 done, 1 failed, 2 not understood, 4 no daemon answers`

/** `holdfast revoke-all`. */
export const revokeAllCommand: Command = {
  name: 'revoke-all',
  summary: "end all of an account's sessions, or everybody's",
  help: HELP,
  options: OPTIONS,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, OPTIONS)
    refuseMore(positionals, 0)
    const target = targetOf(values)
    const whose = 'subject' in target ? `the sessions of ${target.subject}` : 'every session'
    const end = async (admin: AdminClient): Promise<number> => {
      const asked = admin.revoke(target, values.reason)
      const count = await withProgress(terminal, `Ending ${whose}`, asked)
      if (values.json === true) terminal.out(JSON.stringify({ count }))
      else terminal.out(count === null ? 'Ended every session.' : said(count))
      return EXIT.done
    }
    return withAdmin(values, terminal, end, PATIENCE)
  },
}

function said(count: number): string {
  return count === 1 ? 'Ended 1 session.' : `Ended ${count} sessions.`
}

function targetOf(values: {
  readonly subject?: string | undefined
  readonly except?: string | undefined
  readonly everyone?: boolean | undefined
  readonly yes?: boolean | undefined
}): RevokeTarget {
  const { subject, except, everyone = false, yes = false } = values
  if (everyone) {
    if (subject !== undefined || except !== undefined)
      throw new UsageError('--everyone is all accounts: it takes neither --subject nor --except.')
    if (!yes)
      throw new UsageError('This signs everybody out and cannot be undone. Add --yes to do it.')
    return { everyone: true }
  }
  if (subject === undefined || subject === '')
    throw new UsageError('Whose sessions? Give --subject, or --everyone for all.')
  return except === undefined ? { subject } : { subject, except: sessionId(except) }
}
