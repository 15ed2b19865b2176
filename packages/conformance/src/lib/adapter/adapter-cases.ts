import { badInputCases } from './cases/bad-input.js'
import { commitCases } from './cases/commit.js'
import { cookieCases } from './cases/cookies.js'
import { csrfCases } from './cases/csrf.js'
import { failClosedCases } from './cases/fail-closed.js'
import { fixationCases } from './cases/fixation.js'
import { junkCases } from './cases/junk.js'
import { lazinessCases } from './cases/laziness.js'
import { nodeResponseCases } from './cases/node-response.js'
import { revocationCases } from './cases/revocation.js'
import { rotationCases } from './cases/rotation.js'
import { updateCases } from './cases/updates.js'
import { Group } from './define.js'
import type { AdapterCase, AdapterSuiteOptions } from './suite.js'

const GROUPS: readonly (readonly [name: string, fill: (group: Group) => void])[] = [
  ['laziness', lazinessCases],
  ['commit', commitCases],
  ['fail closed', failClosedCases],
  ['revocation', revocationCases],
  ['parallel writes', updateCases],
  ['rotation', rotationCases],
  ['junk', junkCases],
  ['bad input', badInputCases],
  ['cookies', cookieCases],
  ['csrf', csrfCases],
  ['fixation', fixationCases],
]

/**
 * The cases that prove an adapter, for any test runner: each is independent, starts a site of its own over real sockets,
 * and fails by rejecting. An adapter writes no more than the glue of `start`.
 */
export function adapterCases(suite: AdapterSuiteOptions): readonly AdapterCase[] {
  const seed = suite.seed ?? Date.now() % 1_000_000_000
  const groups =
    suite.nodeResponse === true
      ? [...GROUPS, ["node's response", nodeResponseCases] as const]
      : GROUPS
  return groups.flatMap(([name, fill]) => {
    const group = new Group(name, suite, seed)
    fill(group)
    return group.cases
  })
}
