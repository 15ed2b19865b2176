import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The run's folder for everything that it writes, readable by its owner alone. */
export class WorkFolder {
  readonly path: string
  #made = 0

  constructor() {
    this.path = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
  }

  /** A fresh folder in it. */
  make(): string {
    this.#made += 1
    const path = join(this.path, String(this.#made))
    mkdirSync(path, { mode: 0o700 })
    return path
  }

  remove(path: string = this.path): void {
    rmSync(path, { recursive: true, force: true })
  }
}
