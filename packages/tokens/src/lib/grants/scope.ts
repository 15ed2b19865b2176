/** RFC 6749 §3.3: printable ASCII without space, `"` and `\`. */
const SCOPE = /^[!#-[\]-~]+(?: [!#-[\]-~]+)*$/
const LONGEST = 1024

/** The words of a scope, in order and each once; null for what is none. The empty text has no words. */
export function readScope(scope: string): readonly string[] | null {
  if (scope === '') return []
  if (scope.length > LONGEST || !SCOPE.test(scope)) return null
  return [...new Set(scope.split(' '))]
}

/**
 * What is asked for, out of what is allowed, in one spelling: all of it where nothing is asked for. Null for what is no
 * scope, or goes beyond what is allowed.
 */
export function narrowScope(asked: string | undefined, allowed: string): string | null {
  if (asked === undefined) return allowed
  const words = readScope(asked)
  const known = new Set(readScope(allowed))
  return words === null || !words.every((word) => known.has(word)) ? null : words.join(' ')
}
