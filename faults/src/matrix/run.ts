import type { StoreName } from '../catalogue.js'
import type { Effort } from './cell.js'
import { type RoundResult, runRound } from './round.js'
import { Site } from './site.js'
import { placesOf } from './stores.js'
import { hangUp } from './visitor.js'

export interface MatrixOptions {
  readonly effort: Effort
  /** Only troubles with one of these words in their names; all where it is empty. */
  readonly only: readonly string[]
}

/** Each operation of one store under each kind of trouble that it can have; `seen` is told of each as it is done. */
export async function runMatrix(
  store: StoreName,
  { effort, only }: MatrixOptions,
  seen: (result: RoundResult) => void = () => undefined,
): Promise<readonly RoundResult[]> {
  const results: RoundResult[] = []
  for (const choice of placesOf(store)) {
    if (choice.skip !== null) continue
    const place = await choice.open()
    const site = await Site.open(place.server.config(place.port))
    try {
      for (const trouble of place.troubles) {
        if (only.length > 0 && !only.some((word) => trouble.name.includes(word))) continue
        const result = await runRound(site, trouble, effort)
        results.push(result)
        seen(result)
      }
    } finally {
      await site.close()
      await place.close()
    }
  }
  hangUp()
  return results
}
