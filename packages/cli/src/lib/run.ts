import { type Command, EXIT, type Terminal, UsageError } from './command.js'
import { checkConfigCommand } from './commands/check-config.js'
import { completionCommand } from './commands/completion.js'
import { configCommand } from './commands/config.js'
import { eventsCommand } from './commands/events.js'
import { keysCommand } from './commands/keys.js'
import { migrateCommand } from './commands/migrate.js'
import { revokeAllCommand } from './commands/revoke-all.js'
import { serveCommand } from './commands/serve.js'
import { sessionsCommand } from './commands/sessions.js'
import { statusCommand } from './commands/status.js'
import { withoutSecrets } from './connection.js'
import { version } from './version.js'

const COMMANDS: readonly Command[] = [
  serveCommand,
  checkConfigCommand,
  statusCommand,
  sessionsCommand,
  revokeAllCommand,
  keysCommand,
  eventsCommand,
  migrateCommand,
  configCommand,
  completionCommand(() => COMMANDS),
]

const WIDEST = Math.max(...COMMANDS.map(({ name }) => name.length))

const HELP = `holdfast <command> [options]

Commands:
${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(WIDEST)} ${summary}`).join('\n')}

'holdfast <command> --help' says more; 'holdfast --version' says which this is.`

/** Runs a command line and gives its exit code: 0 done, 1 failed, 2 not understood, 3 and 4 see the command's help. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined) {
    terminal.err(HELP)
    return EXIT.usage
  }
  if (name === '--version') {
    terminal.out(version())
    return EXIT.done
  }
  if (['--help', '-h', 'help'].includes(name)) {
    terminal.out(COMMANDS.find((each) => each.name === rest[0])?.help ?? HELP)
    return EXIT.done
  }
  const command = COMMANDS.find((each) => each.name === name)
  if (command === undefined) {
    terminal.err(`${unknown(name)}\n\n${HELP}`)
    return EXIT.usage
  }
  if (rest.some((arg) => arg === '--help' || arg === '-h')) {
    terminal.out(command.help)
    return EXIT.done
  }
  return await attempt(command, rest, terminal)
}

function unknown(name: string): string {
  // An address in the wrong place may hold a password.
  if (name.includes('://')) return 'There is no command of that name.'
  return name.startsWith('-')
    ? `First the command, then its options: '${name}' stands before it.`
    : `There is no command '${name}'.`
}

async function attempt(
  command: Command,
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  try {
    return await command.run(args, terminal)
  } catch (error) {
    const message = withoutSecrets(error instanceof Error ? error.message : String(error))
    if (error instanceof UsageError) {
      terminal.err(`${message}\n'holdfast ${command.name} --help' says how it is used.`)
      return EXIT.usage
    }
    terminal.err(`holdfast ${command.name} failed: ${message}`)
    return EXIT.failed
  }
}
