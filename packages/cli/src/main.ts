import { run } from './lib/run.js'

/** Runs the command line of this process and sets its exit code. */
export async function main(): Promise<void> {
  const { env, argv, stdout, stderr } = process
  process.exitCode = await run(argv.slice(2), {
    env,
    out: (text) => stdout.write(`${text}\n`),
    err: (text) => stderr.write(`${text}\n`),
  })
}
