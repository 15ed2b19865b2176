import { spawn } from 'node:child_process'

/**
 * Tells systemd how far the daemon is (sd_notify(3)), where it asked for that. Node has no datagram sockets of the kind, so that its
 * own program is started; the unit needs `NotifyAccess=all`.
 */
export function notifySystemd(
  environment: Readonly<Record<string, string | undefined>>,
  ...state: readonly string[]
): void {
  if (environment['NOTIFY_SOCKET'] === undefined) return
  const child = spawn('systemd-notify', [`--pid=${process.pid}`, ...state], { stdio: 'ignore' })
  // Where there is no such program, systemd waits in vain, and says so itself.
  child.on('error', () => undefined)
}
