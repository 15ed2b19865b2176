import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { closeEnvironment, openEnvironment } from './environment.js'
import { corrupt } from './failures.js'
import { LAYOUT, writeLayout } from './layout.js'

const PREFIX = '.creating-'
const STALE = 60_000

/**
 * Makes `data.mdb`, whole or not at all: it is written in a folder of its own and then linked to its name, which fails
 * if another process was faster. So a `data.mdb` that exists is complete, whenever its maker may have been killed.
 */
export function createDataFile(folder: string): void {
  const draft = mkdtempSync(join(folder, PREFIX))
  try {
    const environment = openEnvironment(draft, true)
    if (environment === null) throw corrupt(draft, 'the tables cannot be made')
    try {
      writeLayout(environment, LAYOUT)
    } finally {
      closeEnvironment(environment)
    }
    link(join(draft, 'data.mdb'), join(folder, 'data.mdb'))
    syncFolder(folder)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

/** Removes what a process that was killed while it made a `data.mdb` has left behind. */
export function removeStaleDrafts(folder: string): void {
  for (const name of readdirSync(folder)) {
    const draft = join(folder, name)
    if (name.startsWith(PREFIX) && ageOf(draft) > STALE)
      rmSync(draft, { recursive: true, force: true })
  }
}

function ageOf(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat === undefined ? 0 : Date.now() - stat.mtimeMs
}

function link(from: string, to: string): void {
  try {
    linkSync(from, to)
  } catch (error) {
    if (!isTaken(error)) throw error
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST'
}

/** Makes new names in the folder durable. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
