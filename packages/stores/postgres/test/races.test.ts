import { runCases } from './lib/suite.js'

runCases((name) => name.startsWith('races'))
