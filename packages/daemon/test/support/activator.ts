import { spawn } from 'node:child_process'
import { bindUnix } from '../../src/lib/process/bind.js'

/**
 * Stands in for systemd: opens sockets, and starts the daemon with them as descriptors 3 and 4. LISTEN_PID is the number of the
 * process that becomes the daemon, so a shell sets it.
 */
const sockets = process.argv.slice(2).map((path) => bindUnix(path))

process.once('message', (order: { args: string[]; env: NodeJS.ProcessEnv }) => {
  const child = spawn(
    '/bin/sh',
    ['-c', 'export LISTEN_PID=$$; exec "$0" "$@"', process.execPath, ...order.args],
    {
      env: {
        ...order.env,
        LISTEN_FDS: String(sockets.length),
        LISTEN_FDNAMES: 'check:app-shop.socket',
      },
      stdio: ['ignore', 'inherit', 'pipe', ...sockets.map(({ fd }) => fd)],
    },
  )
  let text = ''
  child.stderr?.on('data', (data: Buffer) => {
    text += data.toString()
    if (text.includes('ready: ')) process.send?.('ready')
  })
  child.once('exit', () => process.exit())
})
