import type { AdminClient } from '@holdfast/client'
import { ADMIN_OPTIONS, adminHelp, withAdmin } from '../admin.js'
import { readArguments, refuseMore } from '../arguments.js'
import { type Command, EXIT, type Terminal, UsageError } from '../command.js'
import { askUntil, isSilence } from '../patience.js'
import { withProgress } from '../progress.js'
import { jsonText } from '../text.js'

const OPTIONS = {
  ...ADMIN_OPTIONS,
  follow: { type: 'boolean', short: 'f' },
  type: { type: 'string' },
} as const

const HELP = `holdfast events --follow [--type <name>]

Prints what happens from now on, one JSON object in each line, until it is stopped. What has happened
before is in the audit log.

It goes on through a restart of the daemon: before the next event a line of the type 'interrupted' says since
when nothing was heard. One of the type 'lost' says how many events were left out, because they came too fast.

Options:
  --follow, -f     Go on until Ctrl-C
  --type <names>   Only events of these names, such as token_reuse,session_revoked
${adminHelp()}
                   So long it also waits for a daemon that has gone

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
    return withAdmin(values, terminal, async (admin, patience) => {
      try {
        await follow(admin, { type, stop, patience }, terminal)
      } catch (error) {
        if (!stop.aborted) throw error
      }
      return EXIT.done
    })
  },
}

interface Following {
  readonly type: string | undefined
  readonly stop: AbortSignal
  /** Milliseconds. */
  readonly patience: number
}

/** Until the signal; throws where no daemon comes back in time. */
async function follow(
  admin: AdminClient,
  { type, stop, patience }: Following,
  terminal: Terminal,
): Promise<void> {
  const options = { signal: stop, ...(type === undefined ? {} : { type }) }
  // Whether anybody is there at all is said at once.
  await admin.status()
  let gap: Gap | null = null
  for (;;) {
    const heard = await print(admin.events(options), gap, terminal.out)
    stop.throwIfAborted()
    const since: number = gap === null || heard ? Date.now() : gap.since
    if (gap === null || heard) terminal.err(ENDED)
    const back = askUntil(
      () => admin.status(),
      () => true,
      patience,
      stop,
    )
    await withProgress(terminal, 'Waiting for the daemon', back)
    gap = { since, until: Date.now() }
  }
}

const ENDED =
  'The daemon has ended the stream. What happens until it answers is in its audit log alone.'

/** When nothing was heard. A daemon that is about to end may still answer: until something is heard it is one gap. */
interface Gap {
  readonly since: number
  readonly until: number
}

/** Resolves when the stream has ended, or broken: whether there was anything. */
async function print(
  events: ReturnType<AdminClient['events']>,
  gap: Gap | null,
  out: Terminal['out'],
): Promise<boolean> {
  let heard = false
  try {
    for await (const event of events) {
      if (gap !== null && !heard) out(jsonText(lineOf(gap)))
      heard = true
      out(jsonText(event))
    }
  } catch (error) {
    if (!isSilence(error)) throw error
  }
  return heard
}

function lineOf({ since, until }: Gap): object {
  return { at: isoTime(until), type: 'interrupted', since: isoTime(since) }
}

function isoTime(at: number): string {
  return new Date(at).toISOString()
}
