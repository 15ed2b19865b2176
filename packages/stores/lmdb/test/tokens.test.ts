import { tokenCases } from '@holdfast/conformance/tokens'
import { runCases } from './lib/suite.js'

runCases(() => true, tokenCases, { schedules: 250, rounds: 100 })
