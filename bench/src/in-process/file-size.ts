import { statSync } from 'node:fs'
import { join } from 'node:path'

/** Bytes of the data file of an lmdb folder. */
export function fileSize(folder: string): number {
  return statSync(join(folder, 'data.mdb')).size
}
