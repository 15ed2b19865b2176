import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { walk } from './files.mjs'

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'))

/** The workspaces of the root package.json: `{ folder, path, manifest }`, folder relative to root. */
export function listWorkspaces(root) {
  const { workspaces } = readJson(join(root, 'package.json'))
  return workspaces
    .flatMap((pattern) => expand(root, pattern))
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .map((folder) => {
      const path = join(root, folder)
      return { folder, path, manifest: readJson(join(path, 'package.json')) }
    })
}

function expand(root, pattern) {
  if (!pattern.endsWith('/*')) return [pattern]
  const parent = pattern.slice(0, -2)
  if (!existsSync(join(root, parent))) return []
  return readdirSync(join(root, parent))
    .toSorted()
    .map((name) => `${parent}/${name}`)
}

/**
 * The suites of a workspace, read from its sources, so that a compiled file whose source is gone
 * never runs: `{ workspace, source, compiled, title, name, waits }`.
 */
export function listSuites(root, workspace) {
  const suites = []
  for (const source of walk(join(workspace.path, 'test'))) {
    if (!/\.test\.m?ts$/.test(source)) continue
    const inside = relative(workspace.path, source).replace(/ts$/, 'js')
    suites.push(suite(root, workspace, source, join(workspace.path, 'dist', inside)))
  }
  return suites
}

/** The suites of scripts/test: plain JavaScript, run as they are. */
export function listScriptSuites(root) {
  const workspace = {
    folder: 'scripts',
    path: join(root, 'scripts'),
    manifest: { name: 'scripts' },
  }
  return [...walk(join(root, 'scripts/test'))]
    .filter((path) => path.endsWith('.test.mjs'))
    .map((path) => suite(root, workspace, path, path))
}

function suite(root, workspace, source, compiled) {
  const [first] = readFileSync(source, 'utf8').split('\n', 1)
  return {
    workspace,
    source,
    compiled,
    title: relative(root, source),
    name: basename(source).replace(/\.test\.m?[jt]s$/, ''),
    waits: first.trim() === '// @waits',
  }
}

/** Keeps the suites whose path or package name holds one of the words; all when there is no word. */
export function filterSuites(suites, words) {
  if (words.length === 0) return suites
  return suites.filter(({ title, workspace }) =>
    words.some((word) => title.includes(word) || workspace.manifest.name.includes(word)),
  )
}

const OUTPUT = /(\.d)?\.m?[jt]s(\.map)?$/

/** Deletes compiled files whose source is gone, and returns their paths. */
export function deleteStaleOutput(workspace) {
  const dist = join(workspace.path, 'dist')
  const stale = []
  for (const path of walk(dist)) {
    if (!OUTPUT.test(path)) continue
    const stem = relative(dist, path).replace(OUTPUT, '')
    if (hasSource(join(workspace.path, stem)) || hasSource(join(workspace.path, 'src', stem)))
      continue
    rmSync(path)
    stale.push(path)
  }
  return stale
}

function hasSource(stem) {
  return ['.ts', '.mts', '.js', '.mjs'].some((extension) => existsSync(stem + extension))
}

/** Whether a test of the workspace mentions one of the words, for example the name of an environment variable. */
export function testsMention(workspace, words) {
  for (const path of walk(join(workspace.path, 'test'))) {
    if (dirname(path).includes('node_modules')) continue
    const text = readFileSync(path, 'utf8')
    if (words.some((word) => text.includes(word))) return true
  }
  return false
}
