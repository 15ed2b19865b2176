import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { end, freePort, newFolder, track } from '@holdfast/test-servers/process'
import { until } from '@holdfast/test-servers/wait'

const PROGRAM = join(
  dirname(createRequire(import.meta.url).resolve('@holdfast/daemon/package.json')),
  'bin/holdfastd.js',
)

/** A real daemon with two applications: `shop` may do all, `other` nothing beyond its own visitors. */
export interface TestDaemon {
  readonly admin: string
  readonly shop: string
  readonly other: string
  /** A third, `far`, over TCP on loopback. */
  readonly far: { readonly url: string; readonly token: string }
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** `t`: what ends it, a test or a file of them. */
export async function startDaemon(t: {
  readonly after: (end: () => Promise<void>) => void
}): Promise<TestDaemon> {
  const folder = newFolder('c')
  const file = join(folder, 'holdfast.toml')
  const port = await freePort()
  const token = randomBytes(32).toString('base64url')
  writeFileSync(join(folder, 'token'), token, { mode: 0o600 })
  writeFileSync(
    file,
    `daemon.state = "${folder}/state"
daemon.run = "${folder}/run"
daemon.workers = 1
limits.store_timeout = "20s"
apps.shop.rights = ["authenticate", "list", "revoke"]
apps.other.rights = []
apps.far = { listen = "127.0.0.1:${port}", token_file = "./token" }
`,
  )
  const child = track(
    spawn(process.execPath, [PROGRAM, '--config', file], { stdio: ['ignore', 'ignore', 'pipe'] }),
  )
  let said = ''
  child.stderr?.on('data', (data: Buffer) => (said += data.toString()))
  t.after(() => end(child, 'SIGTERM'))
  await until(() => said.includes('ready: '), 'the daemon is ready')
  return {
    admin: join(folder, 'run/admin.sock'),
    shop: join(folder, 'run/apps/shop.sock'),
    other: join(folder, 'run/apps/other.sock'),
    far: { url: `http://127.0.0.1:${port}`, token },
    stop: async (signal = 'SIGTERM') => end(child, signal),
  }
}
