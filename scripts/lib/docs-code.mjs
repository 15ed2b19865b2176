import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './command.mjs'
import { readBlocks } from './docs.mjs'

const GLOBALS = new URL('./docs-globals.txt', import.meta.url)
const CHECKED = new Set(['ts', 'js'])

/** Blocks that are shown but not code of ours: each language that may stand in a page. */
export const LANGUAGES = new Set([...CHECKED, 'sh', 'text', 'json', 'mermaid', 'nginx'])

/**
 * Compiles the code of one page into `folder`, which is made: TypeScript with the types of the built packages, JavaScript for
 * its syntax. A block that names a file (`file=app.ts`) keeps that name; the others get their line's. What they leave out is
 * declared in docs-globals.txt. Returns what the compiler complains of, with the lines of the page.
 */
export async function compilePage(root, page, folder) {
  const blocks = readBlocks(page.text).filter(({ lang }) => CHECKED.has(lang))
  if (blocks.length === 0) return ''
  prepare(root, folder)
  const lines = new Map()
  for (const { lang, file = `at-line-${'0'.repeat(4)}.${lang}`, code, line } of blocks) {
    const name = file.replace('0000', String(line))
    lines.set(name, line)
    writeFileSync(join(folder, name), lang === 'ts' ? `${code}export {}\n` : code)
  }
  const tsc = join(root, 'node_modules/.bin/tsc')
  const { code, output } = await run(tsc, ['-p', folder, '--pretty', 'false'], { cwd: folder })
  if (code === 0) return ''
  return output.replaceAll(/^([\w.-]+)\((\d+),(\d+)\)/gm, (_all, file, line, column) => {
    return `${page.name}:${Number(line) + (lines.get(file) ?? 1) - 1}:${column}`
  })
}

/** A folder in which the packages can be imported by name. */
export function prepare(root, folder) {
  mkdirSync(folder, { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
  copyFileSync(GLOBALS, join(folder, 'globals.d.ts'))
  const compilerOptions = {
    composite: false,
    incremental: false,
    declaration: false,
    declarationMap: false,
    sourceMap: false,
    isolatedDeclarations: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
    allowJs: true,
    checkJs: false,
    rootDir: '.',
    outDir: 'out',
  }
  const config = {
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions,
    include: ['*.ts', '*.js', '*.mjs'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
}

/** What bash says of the syntax of a page's shell blocks. */
export async function checkShell(page) {
  const problems = []
  for (const { code, line } of readBlocks(page.text).filter(({ lang }) => lang === 'sh')) {
    const { code: exit, output } = await run('bash', ['-n', '-c', code])
    if (exit !== 0) problems.push(`${page.name}:${line}: ${output}`)
  }
  return problems
}

/** The scripts of package.json that shell blocks run. */
export function npmScriptsOf(page) {
  return readBlocks(page.text)
    .filter(({ lang }) => lang === 'sh')
    .flatMap(({ code }) => [...code.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g)])
    .map(([, script, short]) => script ?? short)
}
