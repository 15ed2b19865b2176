import { type StoreCase, toCase } from '../definition.js'
import { resolveSettings, type StoreSuiteOptions } from '../options.js'
import { grantCases } from './grants.js'
import { keyCases } from './keys.js'
import { tokenLifetimeCases } from './lifetime.js'
import { onceCases } from './once.js'
import { tokenRevocationCases } from './revocation.js'
import { tokenRotationCases } from './rotation.js'

const DEFINITIONS = [
  grantCases,
  onceCases,
  keyCases,
  tokenLifetimeCases,
  tokenRotationCases,
  tokenRevocationCases,
].flat()

/**
 * The cases of token sessions on a store, for any test runner. A store that passes `storeCases` passes these: they ask for nothing
 * that its contract does not say, and prove that the rules above it hold on this very engine.
 *
 * Errors: `TypeError` for a wrong option.
 */
export function tokenCases(options: StoreSuiteOptions): readonly StoreCase[] {
  const settings = resolveSettings(options)
  return DEFINITIONS.map((definition) => toCase(definition, settings))
}
