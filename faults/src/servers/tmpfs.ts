import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { newFolder } from '@holdfast/test-servers/process'

/** A small disk in memory, to be filled up. */
export class Tmpfs {
  readonly #mount = newFolder('disk', true)

  /** Why none can be made here; null if one can. */
  static missing(): string | null {
    return process.getuid?.() === 0 ? null : 'a small disk can only be mounted by root'
  }

  constructor(megabytes: number) {
    const args = ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0755`, 'tmpfs', this.#mount]
    const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`the small disk could not be mounted: ${stderr}`)
    mkdirSync(this.folder)
  }

  /** A folder on it. */
  get folder(): string {
    return join(this.#mount, 'data')
  }

  fill(): void {
    spawnSync('dd', ['if=/dev/zero', `of=${this.#filler}`, 'bs=64k'], { stdio: 'ignore' })
  }

  free(): void {
    rmSync(this.#filler, { force: true })
  }

  remove(): void {
    spawnSync('umount', ['-l', this.#mount])
    rmSync(this.#mount, { recursive: true, force: true })
  }

  get #filler(): string {
    return join(this.#mount, 'filler')
  }
}
