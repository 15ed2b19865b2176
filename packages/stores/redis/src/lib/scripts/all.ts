import { Script } from '../driver.js'
import { EPOCHS_SCRIPT } from './epochs.lua.js'
import { END_SCRIPT, INSERT_SCRIPT, UPDATE_SCRIPT } from './session.lua.js'
import {
  BAR_SCRIPT,
  PEEK_SCRIPT,
  RELEASE_SCRIPT,
  RESERVE_SCRIPT,
  TIDY_SCRIPT,
} from './subject.lua.js'

export const EPOCHS: Script = new Script(EPOCHS_SCRIPT)
export const INSERT: Script = new Script(INSERT_SCRIPT)
export const UPDATE: Script = new Script(UPDATE_SCRIPT)
export const END: Script = new Script(END_SCRIPT)
export const RESERVE: Script = new Script(RESERVE_SCRIPT)
export const RELEASE: Script = new Script(RELEASE_SCRIPT)
export const BAR: Script = new Script(BAR_SCRIPT)
export const PEEK: Script = new Script(PEEK_SCRIPT)
export const TIDY: Script = new Script(TIDY_SCRIPT)
