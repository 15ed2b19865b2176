import type { AdminClient, SessionInfo } from '@holdfast/client'
import { ADMIN_OPTIONS, adminHelp, withAdmin } from '../admin.js'
import { readArguments, refuseMore, refuseOptions, sessionId, wordAt } from '../arguments.js'
import { type Command, EXIT, type Terminal, UsageError } from '../command.js'
import { withProgress } from '../progress.js'
import { instant, table } from '../table.js'
import { jsonText } from '../text.js'

const OPTIONS = {
  ...ADMIN_OPTIONS,
  subject: { type: 'string' },
  ended: { type: 'boolean' },
  reason: { type: 'string' },
} as const

const HELP = `holdfast sessions list --subject <account> [--ended]
holdfast sessions show <id>
holdfast sessions revoke <id> [--reason <word>]

Lists the sessions of an account, shows one, or ends one. A session's id is public: it stands in logs
and grants nothing.

Options:
  --subject <a>    The account
  --ended          Ended sessions too, as long as they are kept
  --reason <word>  Why, for the audit log. Default: revoked
${adminHelp()}

Exit codes: 0 done, 1 failed, or there is no such live session, 2 not understood, 4 no daemon answers`

/** `holdfast sessions`. */
export const sessionsCommand: Command = {
  name: 'sessions',
  summary: 'list, show and end sessions',
  help: HELP,
  actions: ['list', 'show', 'revoke'],
  options: OPTIONS,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, OPTIONS)
    const [action] = positionals
    refuseMore(positionals, action === 'list' ? 1 : 2)
    const { json = false, reason, ended = false, subject } = values
    switch (action) {
      case 'list': {
        refuseOptions(values, 'sessions list', 'reason')
        const account = subject
        if (account === undefined || account === '')
          throw new UsageError('Of which account? Give --subject.')
        return withAdmin(values, terminal, (admin) => list(admin, account, ended, json, terminal))
      }
      case 'show': {
        refuseOptions(values, 'sessions show', 'reason', 'subject', 'ended')
        const id = sessionId(wordAt(positionals, 1, 'the id of a session'))
        return withAdmin(values, terminal, (admin) => show(admin, id, json, terminal))
      }
      case 'revoke': {
        refuseOptions(values, 'sessions revoke', 'subject', 'ended')
        const id = sessionId(wordAt(positionals, 1, 'the id of a session'))
        return withAdmin(values, terminal, (admin) => revoke(admin, id, { reason, json }, terminal))
      }
      default:
        throw new UsageError('What is to be done? Say list, show or revoke.')
    }
  },
}

async function list(
  admin: AdminClient,
  subject: string,
  ended: boolean,
  json: boolean,
  terminal: Terminal,
): Promise<number> {
  const { out } = terminal
  const found: SessionInfo[] = []
  const read = async (): Promise<void> => {
    for await (const session of admin.list(subject, { ended })) found.push(session)
  }
  await withProgress(terminal, () => `Reading: ${found.length} sessions`, read())
  found.sort((one, other) => other.lastSeenAt - one.lastSeenAt)
  if (json) out(jsonText(found, 2))
  else if (found.length === 0) out('There are none.')
  else out(table(HEAD, found.map(rowOf)))
  return EXIT.done
}

const WAITING = 'Waiting for the daemon'

const HEAD = ['SESSION', 'LAST SEEN', 'CREATED', 'ENDS', 'STATE', 'DEVICE']

function rowOf(session: SessionInfo): readonly string[] {
  const { id, lastSeenAt, createdAt, expiresAt } = session
  const ends = instant(session.revokedAt ?? expiresAt)
  return [id, instant(lastSeenAt), instant(createdAt), ends, stateOf(session), deviceOf(session)]
}

function stateOf({ revokedAt, reason }: SessionInfo): string {
  return revokedAt === null ? 'live' : `ended: ${reason ?? 'no reason'}`
}

function deviceOf({ client }: SessionInfo): string {
  const parts = [client?.['label'], client?.['address'], client?.['userAgent']]
  return parts.find((part) => typeof part === 'string')?.toString() ?? '-'
}

async function show(
  admin: AdminClient,
  id: string,
  json: boolean,
  terminal: Terminal,
): Promise<number> {
  const { out, err } = terminal
  const session = await withProgress(terminal, WAITING, admin.show(id))
  if (session === null) {
    err(`There is no session ${id}, or no more: ended ones are kept until their absolute end.`)
    return EXIT.failed
  }
  const rows = Object.entries(session).map(([name, value]) => [name, shown(name, value)])
  out(json ? jsonText(session, 2) : table(['FIELD', 'VALUE'], rows))
  return EXIT.done
}

function shown(name: string, value: unknown): string {
  if (typeof value === 'number' && /(?:At|Deadline)$/.test(name)) return instant(value)
  if (value === null) return '-'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

async function revoke(
  admin: AdminClient,
  id: string,
  { reason, json }: { readonly reason: string | undefined; readonly json: boolean },
  terminal: Terminal,
): Promise<number> {
  const { out, err } = terminal
  const count = await withProgress(terminal, WAITING, admin.revoke({ session: id }, reason))
  if (json) out(jsonText({ count }))
  else if (count === 1) out(`Ended session ${id}.`)
  else err(`There is no live session ${id}.`)
  return count === 1 ? EXIT.done : EXIT.failed
}
