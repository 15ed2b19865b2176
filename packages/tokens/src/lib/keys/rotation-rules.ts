import { wholeOption } from '../options.js'
import type { RotationRules } from './dated-key.js'
import { isAlgorithm, type SigningAlgorithm } from './signing-key.js'

const MONTH = 30 * 86_400_000

/** What a set makes new keys by, checked. */
export function rotationRules({
  algorithm = 'EdDSA',
  publishAhead = 600_000,
}: {
  readonly algorithm?: SigningAlgorithm
  readonly publishAhead?: number
}): RotationRules {
  if (!isAlgorithm(algorithm)) throw new TypeError("algorithm must be 'EdDSA', 'ES256' or 'RS256'")
  return { algorithm, publishAhead: wholeOption(publishAhead, 'publishAhead', 0, MONTH) }
}
