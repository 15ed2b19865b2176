import { run } from './lib/run.js'

/** Runs the command line of this process and sets its exit code. */
export async function main(): Promise<void> {
  const { env, argv, stdout, stderr } = process
  process.exitCode = await run(argv.slice(2), {
    env,
    out: (text) => stdout.write(`${text}\n`),
    err: (text) => stderr.write(`${text}\n`),
    stopSignal,
  })
}

/** From here on Ctrl-C is the command's to obey; a second one ends the process. */
function stopSignal(): AbortSignal {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  // Who reads only the beginning, such as `head`, wants no more.
  process.stdout.on('error', () => stop.abort())
  return stop.signal
}
