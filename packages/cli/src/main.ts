import { EXIT, type Terminal } from './lib/command.js'
import { run } from './lib/run.js'
import { printable, printableLines } from './lib/text.js'

/** Runs the command line of this process and sets its exit code. */
export async function main(): Promise<void> {
  const { env, argv, stdout, stderr } = process
  const stop = new AbortController()
  let unwritten = false
  const err = (text: string): unknown => stderr.write(`${printableLines(text)}\n`)
  stderr.on('error', () => undefined)
  stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    stop.abort()
    // Who reads only the beginning, such as `head`, wants no more.
    if (code === 'EPIPE' || unwritten) return
    unwritten = true
    process.exitCode = EXIT.failed
    err(`holdfast: the output could not be written: ${code ?? 'it is not known why'}`)
  })
  const terminal: Terminal = {
    env,
    out: (text) => stdout.write(`${text}\n`),
    err,
    live: stderr.isTTY && env['TERM'] !== 'dumb' ? (text) => stderr.write(over(text)) : null,
    stopSignal: () => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
      return stop.signal
    },
  }
  const code = await run(argv.slice(2), terminal)
  process.exitCode = unwritten ? EXIT.failed : code
}

/** In place of the line that stands there. */
function over(text: string): string {
  return `\r\u001B[K${printable(text)}`
}
