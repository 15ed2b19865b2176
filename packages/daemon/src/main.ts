import { parseArgs } from 'node:util'
import { checkConfig } from './lib/check-config.js'
import { DEFAULT_FILE } from './lib/config/load.js'
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
  if (values['check-config'] === true) return check(values.config)
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

function check(file: string | undefined): number {
  const { good, text, warnings } = checkConfig({ file, environment: process.env })
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`)
  if (good) return say(text)
  process.stderr.write(`${text}\n`)
  return 1
}
