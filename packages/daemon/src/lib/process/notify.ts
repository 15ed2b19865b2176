import { spawn } from 'node:child_process'
import { createQueue } from '../queue.js'

/** Each is told when the one before has been: what systemd hears last counts. */
const inTurn = createQueue()

/**
 * Tells systemd how far the daemon is (sd_notify(3)), where it asked for that. Node has no datagram sockets of the kind, so that its
 * own program is started; the unit needs `NotifyAccess=all`.
 */
export function notifySystemd(
  environment: Readonly<Record<string, string | undefined>>,
  ...state: readonly string[]
): void {
  if (environment['NOTIFY_SOCKET'] === undefined) return
  void inTurn(() => tell(state))
}

function tell(state: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn('systemd-notify', [`--pid=${process.pid}`, ...state], { stdio: 'ignore' })
    // Where there is no such program, systemd waits in vain, and says so itself.
    child.once('error', () => resolve())
    child.once('exit', () => resolve())
  })
}
