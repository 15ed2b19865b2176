import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { ask, end, start } from '../harness/child.js'
import { summarize } from '../harness/statistics.js'
import type { WorkFolder } from '../harness/work-folder.js'
import type {
  Figures,
  Fixture,
  FixtureName,
  MeasureInput,
  Result,
  Runtime,
  Scale,
} from '../model.js'
import { FIXTURE_FIGURES } from './rows.js'

const SCRIPT = new URL('./child.js', import.meta.url)
const TIME_LIMIT = 10 * 60_000

/** Stored sessions for rows that need many: made once in a run, when first asked for. */
export class Fixtures {
  readonly results: Result[] = []
  readonly #made = new Map<FixtureName, Fixture>()
  readonly #scale: Scale
  readonly #work: WorkFolder
  readonly #key: string
  readonly #runtime: Runtime

  constructor(scale: Scale, work: WorkFolder, key: string, runtime: Runtime) {
    this.#scale = scale
    this.#work = work
    this.#key = key
    this.#runtime = runtime
  }

  /** The fixture itself; a copy of it in `copyTo` for a row that writes. */
  async get(name: FixtureName, copyTo: string | null): Promise<Fixture> {
    const fixture = this.#made.get(name) ?? (await this.#make(name))
    this.#made.set(name, fixture)
    if (copyTo === null) return fixture
    const folder = join(copyTo, 'copy')
    cpSync(fixture.folder, folder, { recursive: true })
    return { ...fixture, folder }
  }

  async #make(name: FixtureName): Promise<Fixture> {
    const count = name === 'few' ? this.#scale.storedFew : this.#scale.stored
    const folder = this.#work.make()
    const input: MeasureInput = {
      scale: this.#scale,
      variant: '',
      count,
      folder,
      fixture: null,
      database: null,
      key: this.#key,
    }
    const child = start({ node: this.#runtime.path, script: SCRIPT, core: null })
    try {
      const figures = await ask<Figures>(child, { module: './fixture.js', input }, TIME_LIMIT)
      this.results.push({
        group: 'file',
        node: this.#runtime.name,
        name: `lmdb, ${count.toLocaleString('en')} sessions under random ids`,
        processes: 1,
        figures: summarize(FIXTURE_FIGURES, [figures]),
      })
      const { start: from = NaN, step = NaN } = figures
      const paths = { folder: join(folder, 'store'), tokens: join(folder, 'tokens') }
      return { ...paths, count, start: from, step }
    } finally {
      await end(child)
    }
  }
}
