/** The known word that `word` was probably meant to be; undefined where none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const most = Math.max(1, Math.floor(word.length / 3))
  const near = known
    .map((each) => ({ each, steps: distance(word, each) }))
    .filter(({ steps }) => steps <= most)
    .toSorted((a, b) => a.steps - b.steps)
  return near[0]?.each
}

/** How many letters have to be added, removed or replaced (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [i, letter] of from.split('').entries()) {
    let [left, corner] = [i + 1, i]
    const next = [left]
    for (const [j, other] of to.split('').entries()) {
      const above = row[j + 1] ?? 0
      left = Math.min(left + 1, above + 1, corner + (letter === other ? 0 : 1))
      corner = above
      next.push(left)
    }
    row = next
  }
  return row.at(-1) ?? 0
}
