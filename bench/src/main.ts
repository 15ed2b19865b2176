import { readFileSync } from 'node:fs'
import { bench } from './bench.js'
import type { Report } from './model.js'
import { HELP, readOptions, type Options } from './options.js'
import { writeResults } from './report/results-file.js'
import { asText } from './report/tables.js'

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => process.exit(1))

const options = readOptions(process.argv.slice(2))
if (options.help) process.stdout.write(HELP)
else show(await reportOf(options), options)

async function reportOf({ from }: Options): Promise<Report> {
  if (from === null) return bench(options, log)
  const report: Report = JSON.parse(readFileSync(from, 'utf8'))
  return report
}

function show(report: Report, { json, writeResults: writes }: Options): void {
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : `${asText(report)}\n`)
  if (writes) log(`written: ${writeResults(report)}`)
}

/** Progress; standard output is for the result. */
function log(line: string): void {
  process.stderr.write(`# ${line}\n`)
}
