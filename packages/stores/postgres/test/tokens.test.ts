import { tokenCases } from '@holdfast/conformance/tokens'
import { runCases } from './lib/suite.js'

runCases(() => true, { suite: tokenCases, share: 0.25 })
