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

/** Options that want a word after them, by their spelling. */
function takersOf(commands: readonly Command[]): readonly string[] {
  const taking = commands.flatMap(({ options }) =>
    Object.entries(options).filter(([, { type }]) => type === 'string'),
  )
  return [...new Set(taking.map(([name]) => `--${name}`))]
}

function optionsOf({ options }: Command): readonly string[] {
  return [...Object.keys(options), 'help'].map((name) => `--${name}`)
}

function bash(commands: readonly Command[]): string {
  const cases = commands.map(({ name, actions = [], ...rest }) => {
    const options = optionsOf({ name, ...rest })
    return `    ${name}) actions='${actions.join(' ')}' words='${options.join(' ')}' ;;`
  })
  return `# holdfast: completion for bash
_holdfast() {
  local actions='' words='' current="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  # What follows these is a name or a file: the shell itself offers files.
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
    ${takersOf(commands).join('|')}) return ;;
  esac
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  [ "$COMP_CWORD" -eq 1 ] && actions='${commands.map(({ name }) => name).join(' ')}' words='--help --version'
  [ "$COMP_CWORD" -gt 2 ] && actions=''
  COMPREPLY=($(compgen -W "$actions $words" -- "$current"))
}
complete -o default -F _holdfast holdfast`
}

function zsh(commands: readonly Command[]): string {
  const names = commands.map(({ name, summary }) => `    '${name}:${quoted(summary)}'`)
  const cases = commands.map((each) => {
    const actions = (each.actions ?? []).map((action) => ` ${action}`).join('')
    const first = actions === '' ? '' : ` (( CURRENT == 3 )) && compadd --${actions};`
    return `    ${each.name})${first} compadd -- ${optionsOf(each).join(' ')} ;;`
  })
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
  case $words[CURRENT-1] in
    ${takersOf(commands).join('|')}) _files; return ;;
  esac
  case $words[2] in
${cases.join('\n')}
  esac
}
# When it is loaded by itself it is asked at once; when it is sourced, it is made known.
if [ "$funcstack[1]" = _holdfast ]; then _holdfast "$@"; else compdef _holdfast holdfast; fi`
}

function fish(commands: readonly Command[]): string {
  const first = commands.map(
    ({ name, summary }) =>
      `complete -c holdfast -n __fish_use_subcommand -a ${name} -d '${quoted(summary)}'`,
  )
  const rest = commands.flatMap(({ name, actions = [], options }) => {
    const when = `complete -c holdfast -n '__fish_seen_subcommand_from ${name}'`
    const spelled = Object.entries({ ...options, help: { type: 'boolean' } }).map(
      ([option, { type }]) => `${when} -l ${option}${type === 'string' ? ' -r -F' : ''}`,
    )
    const words = actions.join(' ')
    const one = `complete -c holdfast -n '__fish_seen_subcommand_from ${name}; and not __fish_seen_subcommand_from ${words}' -a '${words}'`
    return words === '' ? spelled : [one, ...spelled]
  })
  return ['# holdfast: completion for fish', 'complete -c holdfast -f', ...first, ...rest].join(
    '\n',
  )
}

function quoted(text: string): string {
  return text.replaceAll("'", '’')
}
