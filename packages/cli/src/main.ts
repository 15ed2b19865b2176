import { run } from './lib/run.js'

const { env, argv, stdout, stderr } = process

process.exitCode = await run(argv.slice(2), {
  env,
  out: (text) => stdout.write(`${text}\n`),
  err: (text) => stderr.write(`${text}\n`),
})
