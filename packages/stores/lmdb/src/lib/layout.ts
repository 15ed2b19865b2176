import type { Environment } from './environment.js'
import { corrupt, unsupported } from './failures.js'

/** Version of the tables: which there are, and what their keys and values look like. */
export const LAYOUT = 1

const KEY = Buffer.from('layout')

export function writeLayout({ root, meta }: Environment, version: number): void {
  root.transactionSync(() => meta.putSync(KEY, Buffer.of(version)))
}

/** Refuses a folder of a newer layout, or of none. */
export function checkLayout({ meta }: Environment, path: string): void {
  const version = meta.getBinary(KEY)?.[0]
  if (version === undefined || version === 0) throw corrupt(path, 'the layout version is missing')
  if (version > LAYOUT)
    throw unsupported(path, `written in layout ${version}; this version reads up to ${LAYOUT}`)
}
