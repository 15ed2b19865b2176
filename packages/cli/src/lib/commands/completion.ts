import { readArguments, refuseMore } from '../arguments.js'
import { type Command, EXIT, UsageError } from '../command.js'

const HELP = `holdfast completion bash|zsh|fish

Prints what lets a shell complete this command. For all users of the machine:
  holdfast completion bash > /usr/share/bash-completion/completions/holdfast
  holdfast completion zsh  > /usr/share/zsh/vendor-completions/_holdfast
  holdfast completion fish > /usr/share/fish/vendor_completions.d/holdfast.fish

Options:
  --help           This text`

type Shell = (commands: readonly Command[]) => string

const SHELLS: Readonly<Record<string, Shell>> = { bash, zsh, fish }

/** `holdfast completion`, which knows all commands. */
export function completionCommand(commands: () => readonly Command[]): Command {
  return {
    name: 'completion',
    summary: 'print what lets a shell complete this command',
    help: HELP,
    actions: Object.keys(SHELLS),
    options: {},
    async run(args, { out }) {
      const { positionals } = readArguments(args, {})
      refuseMore(positionals, 1)
      const shell = SHELLS[positionals[0] ?? '']
      if (shell === undefined) throw new UsageError('For which shell? Say bash, zsh or fish.')
      out(shell(commands()))
      return await Promise.resolve(EXIT.done)
    },
  }
}

function wordsOf({ actions = [], options }: Command): readonly string[] {
  return [...actions, ...Object.keys(options).map((name) => `--${name}`), '--help']
}

function bash(commands: readonly Command[]): string {
  const cases = commands.map((each) => `    ${each.name}) words='${wordsOf(each).join(' ')}' ;;`)
  return `# holdfast: completion for bash
_holdfast() {
  local words
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    *) words='' ;;
  esac
  [ "$COMP_CWORD" -eq 1 ] && words='${commands.map(({ name }) => name).join(' ')} --help'
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _holdfast holdfast`
}

function zsh(commands: readonly Command[]): string {
  const names = commands.map(({ name, summary }) => `    '${name}:${quoted(summary)}'`)
  const cases = commands.map((each) => `    ${each.name}) compadd -- ${wordsOf(each).join(' ')} ;;`)
  return `#compdef holdfast
_holdfast() {
  local -a commands
  commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case $words[2] in
${cases.join('\n')}
  esac
}
_holdfast "$@"`
}

function fish(commands: readonly Command[]): string {
  const first = commands.map(
    ({ name, summary }) =>
      `complete -c holdfast -n __fish_use_subcommand -a ${name} -d '${quoted(summary)}'`,
  )
  const rest = commands.map(
    (each) =>
      `complete -c holdfast -n '__fish_seen_subcommand_from ${each.name}' -a '${wordsOf(each).join(' ')}'`,
  )
  return ['# holdfast: completion for fish', 'complete -c holdfast -f', ...first, ...rest].join(
    '\n',
  )
}

function quoted(text: string): string {
  return text.replaceAll("'", '’')
}
