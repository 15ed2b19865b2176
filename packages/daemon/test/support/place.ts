import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { newFolder } from '@holdfast/test-servers/process'

/** Writes files into a new folder, by name, and gives the folder. */
export function folderWith(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = newFolder('daemon')
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text, { mode: 0o600 })
  }
  return folder
}
