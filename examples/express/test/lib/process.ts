import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from './client.js'

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url))

/** The site as `npm start` runs it: a process of its own. */
export interface SiteProcess {
  readonly origin: string
  readonly output: () => string
  client(): Client
  /** Ends the process, and waits until it is gone. */
  end(signal: NodeJS.Signals): Promise<{ readonly code: number | null }>
}

type Environment = Readonly<Record<string, string>>

/** Starts the site and waits until it says that it is ready. */
export async function startProcess(data: string, env: Environment = {}): Promise<SiteProcess> {
  const { child, output } = run({ PORT: '0', HOLDFAST_DATA: data, ...env })
  const gone = once(child, 'exit')
  while (!/^ready: /m.test(output())) {
    if (child.exitCode !== null) throw new Error(`the site did not start: ${output()}`)
    await Promise.race([once(child.stdout ?? child, 'data'), gone])
  }
  const origin = /^ready: (\S+)/m.exec(output())?.[1] ?? ''
  const agents: Client[] = []
  return {
    origin,
    output,
    client: () => {
      const client = new Client(origin, readFileSync(join(data, 'localhost.pem'), 'utf8'))
      agents.push(client)
      return client
    },
    end: async (signal) => {
      for (const client of agents) client.close()
      child.kill(signal)
      await gone
      return { code: child.exitCode }
    },
  }
}

/** Starts the site where it cannot start: its exit code and what it says. */
export async function runToEnd(
  env: Environment,
  uid?: number,
): Promise<{ readonly code: number | null; readonly said: string }> {
  const { child, output } = run(env, uid)
  await once(child, 'close')
  return { code: child.exitCode, said: output() }
}

function run(
  env: Environment,
  uid?: number,
): { readonly child: ChildProcess; readonly output: () => string } {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid }),
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  }
  return { child, output: () => text }
}
