import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)

/** Where a package has one of its files: what a shell finds by its name is not there before an installation. */
export function programOf(name: string, file: string): string {
  return join(dirname(require.resolve(`${name}/package.json`)), file)
}
