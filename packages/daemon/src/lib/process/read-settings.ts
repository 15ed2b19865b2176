import { type ConfigPlace, loadSettings } from '../config/load.js'
import { configError } from '../config/problem.js'
import type { Settings } from '../settings.js'

/** The settings that the configuration gives now; what is allowed and not wise is said. Errors: `ERR_SESSION_CONFIG` with all problems. */
export function readSettings(place: ConfigPlace, log: (text: string) => void): Settings {
  const loaded = loadSettings(place)
  if (loaded.problems !== null) throw configError(loaded.problems)
  for (const warning of loaded.warnings) log(`warning: ${warning}`)
  return loaded.settings
}
