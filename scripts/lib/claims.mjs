import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { scan, summarize } from '../canary/scan.mjs'
import { checkBoundaries } from './boundaries.mjs'
import { run } from './command.mjs'
import { NEEDS, describeNeed, need } from './system.mjs'
import { testsMention } from './workspaces.mjs'

// A claim returns `{}` when it holds, else `{ problem }` or `{ skipped }`; `note` is for the reader.

const tool = (root, name, args) => run(join(root, 'node_modules/.bin', name), args, { cwd: root })

/** Compiles the whole project, or only the folders given (with what they refer to). */
export async function compiles(root, folders = []) {
  const { code, output } = await tool(root, 'tsc', ['-b', ...folders])
  return code === 0 ? {} : { problem: output }
}

/** The three tools of `npm run lint`, side by side. */
export async function lints(root) {
  const tools = [
    ['oxlint', ['--type-aware', '--deny-warnings']],
    ['oxfmt', ['--check', '.']],
    ['knip', []],
  ]
  const results = await Promise.all(
    tools.map(async ([name, args]) => ({ name, ...(await tool(root, name, args)) })),
  )
  const bad = results.filter(({ code }) => code !== 0)
  if (bad.length === 0) return {}
  return { problem: bad.map(({ name, output }) => `${name}:\n${output}`).join('\n') }
}

export function importsGoOneWay(root) {
  const { problems, files } = checkBoundaries(root)
  return problems.length > 0 ? { problem: problems.join('\n') } : { note: `${files} files` }
}

/** Finds or installs what the suites of these workspaces mention; fills `env` for them. */
export async function systemNeedsAreMet(workspaces, env, folder) {
  const notes = []
  const missing = []
  for (const [name, row] of Object.entries(NEEDS)) {
    const words = [row.env, ...(row.helpers ?? [])]
    if (!workspaces.some((workspace) => testsMention(workspace, words))) continue
    const outcome = await need(row, (text) => appendFileSync(join(folder.logs, 'apt.log'), text))
    Object.assign(env, describeNeed(row, outcome))
    if (outcome.path === undefined) missing.push(outcome.missing)
    else notes.push(`${name} ${outcome.installed ? 'installed' : 'found'}: ${outcome.path}`)
  }
  if (missing.length > 0) return { skipped: missing.join('; ') }
  return { note: notes.join(', ') || 'no suite needs anything' }
}

/** Zero tokens prove nothing: a failure in a full run, no claim at all in a filtered one. */
export async function noSecretLeaks(folder, { full }) {
  const result = await scan({ run: folder.path, canary: folder.canary })
  const note = summarize(result)
  if (result.hits.length > 0) return { note, problem: shownHits(result.hits) }
  if (result.malformed > 0) {
    return {
      problem: `${result.malformed} recorded tokens have a shape that scripts/canary does not know`,
    }
  }
  if (result.tokens > 0) return { note }
  return full ? { problem: 'no token was recorded, so the scan proved nothing' } : { note }
}

const MOST_HITS = 30

function shownHits(hits) {
  const more = hits.length > MOST_HITS ? [`and ${hits.length - MOST_HITS} more`] : []
  return [...hits.slice(0, MOST_HITS), ...more].join('\n')
}
