import { spawn } from 'node:child_process'

/** Runs a command to its end and returns `{ code, output }`, output being both streams in order. */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const chunks = []
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
    const done = (code, extra = '') =>
      resolve({ code, output: Buffer.concat(chunks).toString() + extra })
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => chunks.push(chunk))
    child.once('error', (error) => done(127, error.message))
    child.once('close', (code, signal) =>
      done(code ?? 1, signal === null ? '' : `killed by ${signal}`),
    )
  })
}
