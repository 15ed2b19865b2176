import type { SessionStore } from '@holdfast/core/store'
import type { SuiteSettings } from './options.js'

/** One case of the suite. Give `run` to any runner; it rejects if the store breaks the contract. */
export interface StoreCase {
  /** What an observer sees, such as `insert: a taken id is 'exists', and nothing is overwritten`. */
  readonly name: string
  /** Whether it takes seconds rather than milliseconds. */
  readonly slow: boolean
  /** Why it cannot run here; null if it can. */
  readonly skip: string | null
  readonly run: () => Promise<void>
}

/** What a case works with. */
export interface CaseContext {
  /** A fresh store of this case's own. */
  readonly store: SessionStore
  readonly settings: SuiteSettings
  /** Closes the store and gives what it kept. */
  readonly reopen: () => Promise<SessionStore>
}

/** One case as the files of this folder write it. */
export interface CaseDefinition {
  readonly name: string
  /** The sentence of the contract that is put to the test, shown when it is broken. */
  readonly contract: string
  readonly slow?: boolean
  readonly needsReopen?: boolean
  run(context: CaseContext): Promise<void>
}

/** A definition, ready to run on a store of its own. */
export function toCase(definition: CaseDefinition, settings: SuiteSettings): StoreCase {
  const skip =
    definition.needsReopen === true && settings.reopen === null
      ? 'no reopen() was given: only a store that outlives its process can be opened again'
      : null
  return {
    name: definition.name,
    slow: definition.slow === true,
    skip,
    run: () => (skip === null ? runCase(definition, settings) : Promise.resolve()),
  }
}

async function runCase(definition: CaseDefinition, settings: SuiteSettings): Promise<void> {
  let store = await settings.open()
  const context: CaseContext = {
    store,
    settings,
    reopen: async () => {
      if (settings.reopen === null) throw new Error('no reopen() was given')
      store = await settings.reopen(store)
      return store
    },
  }
  try {
    await definition.run(context)
  } catch (error) {
    throw broken(definition, error)
  } finally {
    await settings.dispose(store)
  }
}

function broken({ name, contract }: CaseDefinition, cause: unknown): Error {
  const found = cause instanceof Error ? cause.message : String(cause)
  return new Error(`${name}\n\nthe contract: ${contract}\n\nfound: ${found}`, { cause })
}
