import { describePolicy } from '@holdfast/core'
import { resolvePolicy } from '@holdfast/core/engine'
import { describeConfiguration } from './config/describe.js'
import { type ConfigPlace, loadSettings } from './config/load.js'
import { problemLine } from './config/problem.js'

/** What became of a look at the configuration. */
export interface ConfigReport {
  readonly good: boolean
  /** What is in force, or everything that is wrong, a line each. No secret stands in it. */
  readonly text: string
  /** What works, and should not be as it is. */
  readonly warnings: readonly string[]
}

/** Reads the configuration as the daemon would, and starts nothing. */
export function checkConfig(place: ConfigPlace): ConfigReport {
  const loaded = loadSettings(place)
  if (loaded.problems !== null)
    return { good: false, text: loaded.problems.map(problemLine).join('\n'), warnings: [] }
  const { configuration, settings, warnings } = loaded
  const policy = describePolicy(resolvePolicy(settings.session))
  return { good: true, text: `${describeConfiguration(configuration)}\n\n${policy.text}`, warnings }
}
