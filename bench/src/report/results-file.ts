import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Report } from '../model.js'
import { asMarkdown } from './tables.js'

const FILE = fileURLToPath(new URL('../../../RESULTS.md', import.meta.url))
const BEGIN = '<!-- figures: written by `npm run bench -- --write-results` -->'
const END = '<!-- end of figures -->'

/** Replaces the figures in bench/RESULTS.md; what people wrote around them stays. Gives the file's path. */
export function writeResults(report: Report): string {
  const text = readFileSync(FILE, 'utf8')
  const begin = text.indexOf(BEGIN)
  const end = text.indexOf(END)
  if (begin === -1 || end < begin) throw new Error(`${FILE} has lost its markers`)
  const before = text.slice(0, begin + BEGIN.length)
  writeFileSync(FILE, `${before}\n\n${asMarkdown(report)}\n\n${text.slice(end)}`)
  return FILE
}
