import type { AdminClient } from '@holdfast/client'
import { EXIT, type Terminal, UsageError } from './command.js'

/** The options of every command that asks the daemon. */
export const ADMIN_OPTIONS = {
  socket: { type: 'string' },
  timeout: { type: 'string' },
  json: { type: 'boolean' },
} as const

/** Seconds that an answer may take. */
const PATIENCE = 10

/** The same, for help texts. */
export function adminHelp(patience: number = PATIENCE): string {
  return `  --socket <path>  The administrators' socket. Default: HOLDFAST_SOCKET, else
                   /run/holdfast/admin.sock
  --timeout <s>    Seconds to wait for an answer. Default: ${patience}
  --json           Print JSON instead of a table
  --help           This text`
}

const SOCKET = '/run/holdfast/admin.sock'

interface AdminValues {
  readonly socket?: string | undefined
  readonly timeout?: string | undefined
}

/** Runs `work` with a connection to the daemon, and closes it. */
export async function withAdmin(
  { socket, timeout }: AdminValues,
  terminal: Terminal,
  work: (admin: AdminClient, patience: number) => Promise<number>,
  patience: number = PATIENCE,
): Promise<number> {
  const wait = milliseconds(timeout ?? String(patience))
  // Here, so that whoever only wants help does not wait for it.
  const { connectAdmin, DaemonError } = await import('@holdfast/client')
  const path = socketOf(socket, terminal)
  const admin = connectAdmin({ socket: path }, { timeout: wait })
  try {
    return await work(admin, wait)
  } catch (error) {
    if (!(error instanceof DaemonError) || error.status !== null) throw error
    const late = error.code === 'ERR_DAEMON_TIMEOUT'
    terminal.err(late ? `${error.message}. ${LATE}` : error.message)
    return EXIT.unreachable
  } finally {
    await admin.close()
  }
}

const LATE = 'What was asked may be done nevertheless; --timeout gives it longer.'

/** A variable that is set to nothing says nothing. */
function socketOf(socket: string | undefined, { env }: Terminal): string {
  if (socket === '') throw new UsageError('--socket takes the path of a socket.')
  return socket ?? (env['HOLDFAST_SOCKET'] || SOCKET)
}

function milliseconds(text: string): number {
  const seconds = Number(text)
  if (!(seconds > 0 && seconds <= 3600))
    throw new UsageError('--timeout takes a number of seconds, such as 10.')
  return Math.ceil(seconds * 1000)
}
