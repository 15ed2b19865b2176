import { parseArgs } from 'node:util'
import { describePolicy } from '@holdfast/core'
import { resolvePolicy } from '@holdfast/core/engine'
import { describeConfiguration } from './lib/config/describe.js'
import { DEFAULT_FILE, loadSettings } from './lib/config/load.js'
import { problemLine } from './lib/config/problem.js'
import { serve } from './lib/serve.js'
import { VERSION } from './lib/version.js'

const HELP = `holdfastd [options]

Answers web servers and applications of this host about sessions.

  --config FILE    the configuration; default ${DEFAULT_FILE}
  --check-config   say what is in force, or everything that is wrong (exit code 1)
  --version        say the version
  --help           say this

Signals: SIGHUP reads the configuration again without dropping a request; SIGTERM and SIGINT finish what is under way.`

const OPTIONS = {
  config: { type: 'string' },
  'check-config': { type: 'boolean' },
  version: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

/** Runs the command line of this process and sets its exit code. */
export async function main(): Promise<void> {
  process.exitCode = await run(process.argv.slice(2))
}

async function run(args: string[]): Promise<number> {
  const values = readArgs(args)
  if (values === null) return 2
  if (values.help === true) return say(HELP)
  if (values.version === true) return say(VERSION)
  if (values['check-config'] === true) return checkConfig(values.config)
  return await serve({ config: values.config })
}

function readArgs(
  args: string[],
): ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'] | null {
  try {
    return parseArgs({ args, options: OPTIONS }).values
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : ''}\n\n${HELP}\n`)
    return null
  }
}

function say(text: string): number {
  process.stdout.write(`${text}\n`)
  return 0
}

function checkConfig(file: string | undefined): number {
  const loaded = loadSettings({ file, environment: process.env })
  if (loaded.problems !== null) {
    process.stderr.write(`${loaded.problems.map(problemLine).join('\n')}\n`)
    return 1
  }
  for (const warning of loaded.warnings) process.stderr.write(`warning: ${warning}\n`)
  const policy = describePolicy(resolvePolicy(loaded.settings.session))
  return say(`${describeConfiguration(loaded.configuration)}\n\n${policy.text}`)
}
