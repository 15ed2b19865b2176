import { type Engine, verifierHash, VERIFIER_LENGTH } from '@holdfast/core/engine'
import { isLive, type SessionRecord } from '@holdfast/core/store'
import { insertMark, markId } from '../once/mark.js'
import { retry } from '../grants/retry.js'
import { type DatedKey, planRotation, type RotateOptions, type RotationRules } from './dated-key.js'
import { openKey, sealKey } from './sealed-key.js'
import { viewAt } from './timeline.js'

/** A reserved namespace: no application's data is there. */
const NAMESPACE = '~keys:'

/** Milliseconds for which a record is kept: ten years. The one after that begins anew. */
const LIFE = 3650 * 86_400_000

/**
 * The keys of a set in one record of the store, each sealed, changed by compare-and-swap.
 *
 * Revoking everyone ends this record with all others: then the next era's record begins with a new key, and what the old
 * keys signed is over everywhere.
 */
export class KeyRecord {
  readonly #engine: Engine
  readonly #name: string
  readonly #rules: RotationRules
  /** Keys that were opened before, by their sealed text, so that each stays the same object. */
  #opened: ReadonlyMap<string, DatedKey> = new Map()
  #era = 0

  constructor(engine: Engine, name: string, rules: RotationRules) {
    this.#engine = engine
    this.#name = name
    this.#rules = rules
  }

  /** The keys that are there, sorted by generation; where there is none, a first one. */
  async read(): Promise<readonly DatedKey[]> {
    return retry(async () => {
      const record = await this.#find()
      if (record === null) return null
      const keys = this.#open(record)
      return keys.length > 0 ? keys : this.#change(record, keys, {})
    })
  }

  /** Adds a key, unless one waits to sign, and removes those whose last token is over. The keys afterwards. */
  async rotate(options: RotateOptions): Promise<readonly DatedKey[]> {
    return retry(async () => {
      const record = await this.#find()
      return record === null ? null : this.#change(record, this.#open(record), options)
    })
  }

  /** Null where another process was faster. */
  async #change(
    record: SessionRecord,
    keys: readonly DatedKey[],
    options: RotateOptions,
  ): Promise<readonly DatedKey[] | null> {
    const { now, store } = this.#engine
    const at = now()
    const taken = generationsOf(record)
    const added = planRotation(keys, at, this.#rules, { ...options, after: Math.max(0, ...taken) })
    const all = added === null ? keys : [...keys, added]
    const over = options.compromised === true ? keys : all.filter(isOver(all, at))
    const kept = all.filter((key) => !over.includes(key))
    // What cannot be opened any more is of no use to anybody.
    const dead = taken.filter((generation) => !kept.some((key) => key.generation === generation))
    if (added === null && dead.length === 0) return keys
    const result = await store.update(record.id, {
      now: at,
      ifVersion: record.version,
      unset: dead.map((generation) => NAMESPACE + String(generation)),
      set: added === null ? new Map() : this.#seal(added, record.id),
    })
    return result.status === 'updated' ? this.#open(result.record) : null
  }

  #seal(key: DatedKey, record: string): ReadonlyMap<string, string> {
    const sealed = JSON.stringify(sealKey(this.#engine.keys, key, record))
    return new Map([[NAMESPACE + String(key.generation), sealed]])
  }

  #open(record: SessionRecord): readonly DatedKey[] {
    const opened = new Map<string, DatedKey>()
    for (const generation of generationsOf(record)) {
      const text = record.data.get(NAMESPACE + String(generation)) ?? ''
      const key = this.#opened.get(text) ?? this.#openOne(text, record.id, generation)
      if (key !== null) opened.set(text, key)
    }
    this.#opened = opened
    return [...opened.values()]
  }

  #openOne(text: string, record: string, generation: number): DatedKey | null {
    const sealed: unknown = JSON.parse(text)
    return typeof sealed === 'string'
      ? openKey(this.#engine.keys, sealed, record, generation)
      : null
  }

  /** The record of the present era; null where it had to be made. */
  async #find(): Promise<SessionRecord | null> {
    for (;;) {
      const id = markId(this.#engine, ['signing-keys', this.#name, String(this.#era)])
      const record = await this.#engine.store.find(id)
      if (record === null) return this.#insert(id)
      if (isLive(record, this.#engine.now())) return record
      this.#era += 1
    }
  }

  async #insert(id: string): Promise<null> {
    const { random, now } = this.#engine
    // Given to nobody: no token leads here.
    const hash = verifierHash(random.base62(VERIFIER_LENGTH))
    await insertMark(this.#engine, { id, verifierHash: hash, until: now() + LIFE, data: new Map() })
    return null
  }
}

function generationsOf({ data }: SessionRecord): readonly number[] {
  const names = [...data.keys()].filter((name) => name.startsWith(NAMESPACE))
  return names.map((name) => Number(name.slice(NAMESPACE.length))).toSorted((a, b) => a - b)
}

function isOver(keys: readonly DatedKey[], now: number): (key: DatedKey) => boolean {
  const { over } = viewAt(keys, now)
  return ({ generation }) => over.includes(generation)
}
