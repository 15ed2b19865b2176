import type { ChildProcess } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { end, startProgram } from '../harness/child.js'
import { signInAt } from './sign-in.js'

const PROGRAM = join(
  dirname(createRequire(import.meta.url).resolve('@holdfast/daemon/package.json')),
  'bin/holdfastd.js',
)

export interface DaemonOptions {
  /** Path of the Node that runs it. */
  readonly node: string
  readonly folder: string
  readonly core: number | null
  readonly workers: number
  readonly sessions: number
  /** `check.cache`, such as `1s`; null for the default, which is none. */
  readonly cache: string | null
  /** Also answers checks at this port of loopback. */
  readonly port: number | null
}

/** A daemon on its embedded store, with visitors signed in. */
export interface Holdfastd {
  readonly pid: number
  readonly checkSocket: string
  readonly cookies: readonly string[]
  readonly stop: () => Promise<void>
}

/** Starts holdfastd as its package has it, and signs visitors in as an application does. */
export async function startHoldfastd(options: DaemonOptions): Promise<Holdfastd> {
  const { node, folder, core, sessions } = options
  const run = join(folder, 'run')
  const file = join(folder, 'holdfast.toml')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(file, configuration(options, run), { mode: 0o600 })
  const child = startProgram(node, [PROGRAM, '--config', file], core)
  try {
    const pid = await ready(child)
    const cookies = await signInAt(join(run, 'apps', 'shop.sock'), sessions)
    return {
      pid,
      checkSocket: join(run, 'check.sock'),
      cookies,
      stop: () => end(child, 'SIGTERM'),
    }
  } catch (error) {
    await end(child)
    throw error
  }
}

function configuration({ folder, workers, cache, port }: DaemonOptions, run: string): string {
  const check = [
    ...(cache === null ? [] : [`cache = "${cache}"`]),
    ...(port === null ? [] : [`listen = "127.0.0.1:${port}"`]),
  ]
  return `[daemon]
state = ${JSON.stringify(join(folder, 'state'))}
run = ${JSON.stringify(run)}
workers = ${workers}

[check]
${check.join('\n')}

[apps.shop]
rights = ["authenticate"]
`
}

/** Resolves to its number once it says that it answers. */
function ready(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = ''
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`holdfastd ended: ${said}`)))
    child.stdout?.resume()
    child.stderr?.on('data', (data: Buffer) => {
      said = (said + data.toString()).slice(-4096)
      if (said.includes('ready: ')) resolve(child.pid ?? 0)
    })
  })
}
