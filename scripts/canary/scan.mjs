// The canary scan: no token or verifier that a test run issued may be anywhere but in Set-Cookie.
// By hand, on the folder of a failed run: `node scripts/canary/scan.mjs .tmp/run-<pid>`.
import { existsSync, readdirSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { walk } from '../lib/files.mjs'
import { createSearch } from './search.mjs'
import { loadSecrets } from './secrets.mjs'

/** Folders of a browser: it holds the cookie by right, and is not part of this project. */
const CLIENTS = /^(playwright|org\.chromium|client-)/

/**
 * Compares what the processes of a run issued (`canary`) with every file of the run's folder.
 * Returns `{ tokens, files, bytes, hits: ['file at byte n: kind'], malformed, skipped }`.
 */
export async function scan({ run, canary = join(run, 'canary') }) {
  const recorded = existsSync(canary)
    ? readdirSync(canary).filter((name) => name.startsWith('tokens-'))
    : []
  const secrets = await loadSecrets(recorded.map((name) => join(canary, name)))
  const result = { tokens: secrets.plain.size, files: 0, bytes: 0, hits: [], skipped: [] }
  const search = createSearch(secrets)
  const enter = (path, name) => {
    if (CLIENTS.test(name)) result.skipped.push(relative(run, path))
    return !CLIENTS.test(name)
  }
  for (const path of walk(run, enter)) {
    if (path.startsWith(join(canary, 'tokens-'))) continue
    searchOne(path, run, search, result)
  }
  return { ...result, malformed: secrets.malformed.length }
}

function searchOne(path, run, search, result) {
  const shown = relative(run, path)
  for (const { kind } of search.bytes(Buffer.from(shown))) {
    result.hits.push(`a file name in ${join(shown, '..')}: ${NAMES[kind]}`)
  }
  const { hits, size } = search.file(path)
  for (const { at, kind } of hits) result.hits.push(`${shown} at byte ${at}: ${NAMES[kind]}`)
  result.files++
  result.bytes += size
}

const NAMES = { plain: 'a verifier', base64: 'a verifier in base64', hex: 'a verifier in hex' }

/** One line for people. */
export function summarize({ tokens, files, bytes, hits, skipped }) {
  const clients = skipped.length > 0 ? `, ${skipped.length} browser folders left out` : ''
  const size = `${(bytes / 1e6).toFixed(1)} MB`
  return `${tokens} tokens looked for in ${files} files, ${size}${clients}: ${hits.length} hits`
}

async function main(run) {
  const result = await scan({ run })
  for (const hit of result.hits) console.error(hit)
  if (result.malformed > 0)
    console.error(`${result.malformed} recorded tokens have another shape than the scan expects`)
  if (result.tokens === 0) console.error('no token was recorded, so this proves nothing')
  console.log(`${basename(run)}: ${summarize(result)}`)
  process.exitCode = result.hits.length + result.malformed > 0 || result.tokens === 0 ? 1 : 0
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main(process.argv[2])
