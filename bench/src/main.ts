import { readFileSync } from 'node:fs'
import { bench } from './bench.js'
import type { Report } from './model.js'
import { HELP, readOptions, type Options } from './options.js'
import { writeResults } from './report/results-file.js'
import { asMarkdown, asText } from './report/tables.js'

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => process.exit(1))

const options = understood(process.argv.slice(2))
if (options === null) process.exitCode = 2
else if (options.help) process.stdout.write(HELP)
else show(await reportOf(options), options)

/** The options; null, with what is wrong on standard error, if there is no such option. */
function understood(args: readonly string[]): Options | null {
  try {
    return readOptions(args)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    process.stderr.write(`${error.message}\n\n${HELP}`)
    return null
  }
}

async function reportOf(asked: Options): Promise<Report> {
  if (asked.from === null) return bench(asked, log)
  const report: Report = JSON.parse(readFileSync(asked.from, 'utf8'))
  return report
}

function show(report: Report, asked: Options): void {
  process.stdout.write(`${printed(report, asked)}\n`)
  if (asked.writeResults) log(`written: ${writeResults(report)}`)
}

function printed(report: Report, { json, markdown }: Options): string {
  if (json) return JSON.stringify(report)
  return markdown ? asMarkdown(report) : asText(report)
}

/** Progress; standard output is for the result. */
function log(line: string): void {
  process.stderr.write(`# ${line}\n`)
}
