import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { RULES, matches } from './boundary-rules.mjs'
import { walk } from './files.mjs'
import { readImports } from './imports.mjs'
import { listWorkspaces } from './workspaces.mjs'

const BUILTIN = new Set(builtinModules)

/** Every import that goes the wrong way: `{ problems: ['file:line: what, what to do'], files }`. */
export function checkBoundaries(root, rules = RULES) {
  const workspaces = listWorkspaces(root)
  const problems = []
  let files = 0
  for (const workspace of workspaces) {
    const rule = rules.find(({ folder }) => matches(folder, workspace.folder))
    if (rule === undefined) {
      problems.push(`${workspace.folder}: has no row in scripts/lib/boundary-rules.mjs; add one`)
      continue
    }
    for (const file of sourcesOf(workspace)) {
      files++
      const context = { root, workspaces, workspace, rule, file }
      for (const found of readImports(file, readFileSync(file, 'utf8'))) {
        const problem = judge(found, context)
        if (problem !== undefined)
          problems.push(`${relative(root, file)}:${found.line}: ${problem}`)
      }
    }
  }
  return { problems, files }
}

function sourcesOf({ path }) {
  const enter = (_path, name) => name !== 'dist' && name !== 'node_modules'
  return [...walk(path, enter)].filter((file) => /\.m?[jt]sx?$/.test(file))
}

function judge({ specifier, typeOnly }, context) {
  if (specifier === undefined) {
    return inSource(context) && context.rule.packages === 'none'
      ? 'imports a computed name; write the name out so that it can be checked'
      : undefined
  }
  if (specifier.startsWith('.')) return judgeRelative(specifier, context)
  const name = specifier.replace(/^node:/, '')
  if (specifier.startsWith('node:') || BUILTIN.has(name))
    return judgeBuiltin(specifier, name, context)
  const packageName = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  const target = context.workspaces.find(({ manifest }) => manifest.name === packageName)
  if (target !== undefined) return judgeWorkspace(specifier, target, context)
  if (packageName.startsWith('@holdfast/')) return `imports '${packageName}', which is no workspace`
  return judgePackage(packageName, typeOnly, context)
}

const inSource = ({ workspace, file }) => file.startsWith(join(workspace.path, 'src') + sep)

function judgeRelative(specifier, { root, workspaces, workspace, file }) {
  const target = resolve(dirname(file), specifier)
  const within = (folder) => target === folder || target.startsWith(folder + sep)
  if (!within(workspace.path)) {
    const other = workspaces.find(({ path }) => within(path))
    const by =
      other === undefined ? '' : `; import '${other.manifest.name}' by its declared entry points`
    return `reaches out of its package into ${relative(root, target)}${by}`
  }
  if (inSource({ workspace, file }) && !within(join(workspace.path, 'src'))) {
    return `reaches out of src into ${relative(root, target)}; what src needs belongs in src`
  }
  return undefined
}

function judgeBuiltin(specifier, name, context) {
  if (!specifier.startsWith('node:')) return `imports '${specifier}'; write 'node:${specifier}'`
  if (!inSource(context)) return undefined
  const { node, never = [], why } = context.rule
  if (never.includes(name)) return `imports '${specifier}', which is not allowed here: ${why}`
  if (node === 'any' || node.includes(name)) return undefined
  const allowed =
    node.length > 0
      ? `allowed: ${node.map((each) => `node:${each}`).join(', ')}`
      : 'none is allowed'
  return `imports '${specifier}' (${allowed}): ${why}; take it as a parameter instead`
}

function judgeWorkspace(specifier, target, context) {
  const { workspace, rule } = context
  if (target === workspace && inSource(context)) {
    return `imports its own package by name; use a relative path`
  }
  const entry = `.${specifier.slice(target.manifest.name.length)}`
  const entries = entryPoints(target.manifest)
  if (!entries.includes(entry)) {
    const names = entries.map((each) => target.manifest.name + each.slice(1)).join(', ')
    return `imports '${specifier}', which is no declared entry point; there are: ${names || 'none'}`
  }
  if (!inSource(context)) return undefined
  if (!rule.from.some((pattern) => matches(pattern, target.folder))) {
    return `imports '${specifier}', against the direction: ${rule.why}`
  }
  return declares(workspace.manifest, target.manifest.name)
    ? undefined
    : undeclared(target.manifest.name)
}

function entryPoints({ exports = {} }) {
  const keys = typeof exports === 'string' ? ['.'] : Object.keys(exports)
  return keys.every((key) => key.startsWith('.')) ? keys : ['.']
}

function judgePackage(name, typeOnly, context) {
  if (!inSource(context)) return undefined
  const { rule, workspace } = context
  if (rule.packages === 'none') return `imports '${name}', but no package is allowed: ${rule.why}`
  if (declares(workspace.manifest, name)) return undefined
  if (typeOnly && declares(workspace.manifest, `@types/${name}`)) return undefined
  return undeclared(name)
}

function declares({ dependencies = {}, peerDependencies = {} }, name) {
  return name in dependencies || name in peerDependencies
}

const undeclared = (name) =>
  `imports '${name}', which is not in dependencies or peerDependencies of its package.json; add it`
