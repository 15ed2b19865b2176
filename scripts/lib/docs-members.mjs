import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { parseSync } from 'oxc-parser'
import { walk } from './files.mjs'
import { listWorkspaces } from './workspaces.mjs'

const PUBLIC = /^packages\/(?:browser|core|http|stores\/|adapters\/|tokens|protocol|client)/

/** Every source file of the packages that applications use: `{ path, text, body, entry }`, entry telling a file of `src` itself. */
function parseSources(root) {
  return listWorkspaces(root)
    .filter(({ folder }) => PUBLIC.test(folder))
    .flatMap(({ path }) => [...walk(join(path, 'src'))])
    .map((path) => {
      const text = readFileSync(path, 'utf8')
      const { program, errors } = parseSync(path, text)
      if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`)
      return { path, text, body: program.body, entry: basename(dirname(path)) === 'src' }
    })
}

/** What the packages declare and export, read from their sources. */
export function readApi(root) {
  const sources = parseSources(root)
  const declarations = new Map()
  const texts = new Map()
  for (const { body, text } of sources) {
    for (const statement of body) {
      const declaration = statement.declaration ?? statement
      const name = declaration?.id?.name
      if (name === undefined || declarations.has(name)) continue
      declarations.set(name, declaration)
      texts.set(name, text)
    }
  }
  const exported = sources.filter(({ entry }) => entry).flatMap(({ body }) => exportsOf(body))
  return { declarations, texts, exported: new Set(exported) }
}

function exportsOf(body) {
  return body
    .filter(({ type }) => type === 'ExportNamedDeclaration')
    .flatMap(({ specifiers }) => specifiers.map(({ exported }) => exported.name))
}

/** The names of a declaration's own public members, constructors left out. */
export function membersOf({ declarations }, name) {
  const declaration = declarations.get(name)
  if (declaration === undefined) throw new Error(`nothing is declared as ${name}`)
  if (declaration.type === 'TSTypeAliasDeclaration') return literalsOf(declaration.typeAnnotation)
  return declaration.body.body
    .filter(({ kind, key }) => kind !== 'constructor' && key?.type === 'Identifier')
    .map(({ key }) => key.name)
}

/** The texts of a union of texts. */
function literalsOf(annotation) {
  const types = annotation.type === 'TSUnionType' ? annotation.types : [annotation]
  return types.map(({ literal }) => literal?.value).filter((value) => typeof value === 'string')
}

/** What the comments of an interface's members call their default, where that is a number or stands in backticks. */
export function defaultsOf({ declarations, texts }, name) {
  const defaults = new Map()
  let end = declarations.get(name).body.start
  for (const member of declarations.get(name).body.body) {
    const comment = texts.get(name).slice(end, member.start)
    const [, quoted, number] = /Default:? (?:`([^`]+)`|([\d,]*\d))/.exec(comment) ?? []
    if (quoted !== undefined || number !== undefined)
      defaults.set(member.key.name, quoted ?? number)
    end = member.end
  }
  return defaults
}

/** The members of an interface whose values are object types: `name` to their own members' names. */
export function nestedMembersOf({ declarations }, name) {
  const { body } = declarations.get(name).body
  return new Map(
    body.map(({ key, typeAnnotation }) => [
      key.name,
      typeAnnotation.typeAnnotation.members.map((member) => member.key.name),
    ]),
  )
}

/** The exported interfaces that hold options. */
export function optionInterfaces({ declarations, exported }) {
  return [...exported].filter(
    (name) => name.endsWith('Options') && declarations.get(name)?.type === 'TSInterfaceDeclaration',
  )
}
