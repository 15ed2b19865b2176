import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { ask, end, start, startProgram } from '../harness/child.js'
import type { GeneratorInput } from './generator.js'
import type { Load } from './model.js'

const SCRIPT = fileURLToPath(new URL('../../../src/http/load.lua', import.meta.url))
const GENERATOR = new URL('./generator.js', import.meta.url)
const GRACE = 20

export interface LoadOptions {
  /** Path of wrk; null: our own generator takes its place. */
  readonly wrk: string | null
  readonly core: number | null
}

/** Sends requests for so many seconds. Errors: any answer but 200 and 204. */
export async function load(options: LoadOptions, input: GeneratorInput): Promise<Load> {
  const seen = await (options.wrk === null
    ? withGenerator(options.core, input)
    : withWrk(options.wrk, options.core, input))
  if (seen.errors > 0) throw new Error(`${seen.errors} of ${seen.requests} requests failed`)
  return seen
}

async function withGenerator(core: number | null, input: GeneratorInput): Promise<Load> {
  const child = start({ node: process.execPath, script: GENERATOR, core })
  try {
    return await ask<Load>(child, input, (input.seconds + GRACE) * 1000)
  } finally {
    await end(child)
  }
}

/** Cookies go to its standard input, so that no token is ever in a file. */
async function withWrk(
  wrk: string,
  core: number | null,
  { port, question, cookies, connections, seconds }: GeneratorInput,
): Promise<Load> {
  const duration = `${Math.max(1, Math.round(seconds))}s`
  const args = ['-t1', `-c${connections}`, `-d${duration}`, '-s', SCRIPT]
  const asked = [question.path, ...Object.entries(question.headers).flat()]
  const child = startProgram(wrk, [...args, `http://127.0.0.1:${port}/`, '--', ...asked], core)
  const timer = setTimeout(() => child.kill('SIGKILL'), (seconds + GRACE) * 1000)
  try {
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(`${cookies.join('\n')}\n`)
    const { stdout, stderr } = child
    if (stdout === null || stderr === null) throw new Error('wrk has no output')
    const [output, problems] = await Promise.all([text(stdout), text(stderr)])
    const json = /^JSON (.*)$/m.exec(output)?.[1]
    if (json === undefined) throw new Error(`wrk gave no figures: ${output}${problems}`)
    const figures: Load = JSON.parse(json)
    return figures
  } finally {
    clearTimeout(timer)
  }
}
