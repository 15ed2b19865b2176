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
import { Turnstile, TURNSTILE } from './turnstile.js'

const PREFIX = '.creating-'
const STALE = 60_000

/** Makes `data.mdb` with its empty tables. */
export function createDataFile(folder: string): void {
  createWhole(folder, 'data.mdb', (draft) => {
    const environment = openEnvironment(draft, true)
    if (environment === null) throw corrupt(draft, 'the tables cannot be made')
    try {
      writeLayout(environment, LAYOUT)
    } finally {
      closeEnvironment(environment)
    }
  })
}

export function createTurnstile(folder: string): void {
  createWhole(folder, TURNSTILE, (draft) => new Turnstile(join(draft, TURNSTILE)).close())
}

/**
 * Makes the file `name`, whole or not at all: it is written in a folder of its own and then linked to its name, which
 * fails if another process was faster. So a file that exists is complete, whenever its maker may have been killed.
 */
function createWhole(folder: string, name: string, make: (draft: string) => void): void {
  const draft = mkdtempSync(join(folder, PREFIX))
  try {
    make(draft)
    sync(join(draft, name))
    link(join(draft, name), join(folder, name))
    sync(folder)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

/** Removes what a process that was killed while it made a file has left behind. */
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

/** Makes what has been written to the file, or the names in the folder, durable. */
export function sync(path: string): void {
  const handle = openSync(path, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
