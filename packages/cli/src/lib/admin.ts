import type { AdminClient } from '@holdfast/client'
import { EXIT, type Terminal, UsageError } from './command.js'

/** The options of every command that asks the daemon. */
export const ADMIN_OPTIONS = {
  socket: { type: 'string' },
  timeout: { type: 'string' },
  json: { type: 'boolean' },
} as const

/** The same, for help texts. */
export const ADMIN_HELP = `  --socket <path>  The administrators' socket. Default: HOLDFAST_SOCKET, else
                   /run/holdfast/admin.sock
  --timeout <s>    Seconds to wait for an answer. Default: 10
  --json           Print JSON instead of a table
  --help           This text`

const SOCKET = '/run/holdfast/admin.sock'

interface AdminValues {
  readonly socket?: string | undefined
  readonly timeout?: string | undefined
}

/** Runs `work` with a connection to the daemon, and closes it. */
export async function withAdmin(
  { socket, timeout }: AdminValues,
  terminal: Terminal,
  work: (admin: AdminClient) => Promise<number>,
): Promise<number> {
  const wait = milliseconds(timeout ?? '10')
  // Here, so that whoever only wants help does not wait for it.
  const { connectAdmin, DaemonError } = await import('@holdfast/client')
  const path = socket ?? terminal.env['HOLDFAST_SOCKET'] ?? SOCKET
  const admin = connectAdmin({ socket: path }, { timeout: wait })
  try {
    return await work(admin)
  } catch (error) {
    if (!(error instanceof DaemonError) || error.status !== null) throw error
    terminal.err(error.message)
    return EXIT.unreachable
  } finally {
    await admin.close()
  }
}

function milliseconds(text: string): number {
  const seconds = Number(text)
  if (!(seconds > 0 && seconds <= 3600))
    throw new UsageError('--timeout takes a number of seconds, such as 10.')
  return Math.ceil(seconds * 1000)
}
