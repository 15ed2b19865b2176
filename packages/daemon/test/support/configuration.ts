import { join } from 'node:path'
import { loadSettings, problemLine, type Settings } from '../../src/index.js'

type Environment = Readonly<Record<string, string>>

/** The settings that the file gives; throws all that is wrong with it. */
export function settingsOf(folder: string, environment: Environment = {}): Settings {
  const loaded = loadSettings({ file: join(folder, 'holdfast.toml'), environment })
  if (loaded.problems !== null) throw new Error(loaded.problems.map(problemLine).join('\n'))
  return loaded.settings
}

/** What is wrong, with the folder left out. */
export function problemsOf(folder: string, environment: Environment = {}): readonly string[] {
  const { problems } = loadSettings({ file: join(folder, 'holdfast.toml'), environment })
  return (problems ?? []).map((each) => problemLine(each).replaceAll(`${folder}/`, ''))
}
