import { parseSync } from 'oxc-parser'

/**
 * The modules that a source file names, types included: `{ specifier, line, typeOnly }`.
 * A dynamic import whose name is computed has `specifier: undefined`.
 */
export function readImports(path, text) {
  const { module, errors } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`)
  const lineOf = (offset) => text.slice(0, offset).split('\n').length
  const found = new Map()
  const add = ({ value, start }, typeOnly) =>
    found.set(start, { specifier: value, line: lineOf(start), typeOnly })
  for (const { moduleRequest, entries } of module.staticImports) {
    add(moduleRequest, entries.length > 0 && entries.every(({ isType }) => isType))
  }
  for (const { entries } of module.staticExports) {
    for (const { moduleRequest, isType } of entries) if (moduleRequest) add(moduleRequest, isType)
  }
  for (const { moduleRequest } of module.dynamicImports) {
    const literal = /^(['"`])([^$]*)\1$/.exec(text.slice(moduleRequest.start, moduleRequest.end))
    add({ value: literal?.[2], start: moduleRequest.start }, false)
  }
  return [...found.values()].toSorted((a, b) => a.line - b.line)
}
