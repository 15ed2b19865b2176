import { authenticateCases } from './contract/authenticate.js'
import { channelCases } from './contract/channel.js'
import { dataCases } from './contract/data.js'
import { epochCases } from './contract/epochs.js'
import { insertCases } from './contract/insert.js'
import { limitCases } from './contract/limits.js'
import { listCases } from './contract/list.js'
import { renewalCases } from './contract/renewal.js'
import { reopenCases } from './contract/reopen.js'
import { revokeCases } from './contract/revoke.js'
import { sweepCases } from './contract/sweep.js'
import { updateCases } from './contract/update.js'
import { type StoreCase, toCase } from './definition.js'
import { modelCases } from './model/cases.js'
import { lifetimeCases } from './races/lifetime.js'
import { loginCases } from './races/logins.js'
import { lostUpdateCases } from './races/lost-update.js'
import { rotationCases } from './races/rotation.js'
import { resurrectionCases } from './races/resurrection.js'
import { resolveSettings, type StoreSuiteOptions } from './options.js'

const DEFINITIONS = [
  insertCases,
  updateCases,
  dataCases,
  renewalCases,
  authenticateCases,
  limitCases,
  revokeCases,
  epochCases,
  listCases,
  sweepCases,
  channelCases,
  reopenCases,
  modelCases,
  resurrectionCases,
  lostUpdateCases,
  rotationCases,
  loginCases,
  lifetimeCases,
].flat()

/**
 * The cases that every store must pass, for any test runner: give each one's `run` to it. Cases are independent of each
 * other and of their order; each opens a store of its own and disposes of it.
 *
 * Errors: `TypeError` for a wrong option.
 */
export function storeCases(options: StoreSuiteOptions): readonly StoreCase[] {
  const settings = resolveSettings(options)
  return DEFINITIONS.map((definition) => toCase(definition, settings))
}
