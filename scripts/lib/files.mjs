import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Every regular file below a folder, depth first and sorted; nothing when the folder is missing.
 * Symbolic links are not followed. `enter(path, name)` may refuse a folder.
 */
export function* walk(folder, enter = () => true) {
  let entries
  try {
    entries = readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if (error.code === 'ENOENT') return
    throw error
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      if (enter(path, entry.name)) yield* walk(path, enter)
    } else if (entry.isFile()) yield path
  }
}
