import { tokenCases } from '@holdfast/conformance/tokens'
import { runCases } from './lib/suite.js'

runCases(() => true, tokenCases, { schedules: 400, rounds: 200 })
