import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Child } from './child.js'
import { programOf } from './program.js'

const PROGRAM = programOf('@holdfast/daemon', 'bin/holdfastd.js')

/** The daemon of the site, with its sockets. */
export interface Daemon {
  readonly child: Child
  readonly checkSocket: string
  readonly adminSocket: string
  appSocket(name: string): string
}

/** Starts the daemon with two applications: one that signs in, one that only wants to know who is there. */
export async function startDaemon(folder: string, more = ''): Promise<Daemon> {
  mkdirSync(folder, { recursive: true })
  const run = join(folder, 'run')
  const file = join(folder, 'holdfast.toml')
  writeFileSync(file, configuration(join(folder, 'state'), run, more))
  chmodSync(file, 0o600)
  const child = new Child('the daemon', process.execPath, [PROGRAM, '--config', file])
  try {
    await child.until(() => child.said.includes('ready: '))
  } catch (error) {
    await child.stop()
    throw error
  }
  return {
    child,
    checkSocket: join(run, 'check.sock'),
    adminSocket: join(run, 'admin.sock'),
    appSocket: (name) => join(run, 'apps', `${name}.sock`),
  }
}

function configuration(state: string, run: string, more: string): string {
  return `# The daemon of the example. All of its options: packages/daemon/holdfast.toml
[daemon]
state = ${JSON.stringify(state)}
run = ${JSON.stringify(run)}
workers = 1

[apps.shop]
rights = ["authenticate"]

[apps.panel]
rights = []

${more}`
}
