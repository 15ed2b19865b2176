const longestShown = 80

/** A value as an error message shows it: quoted and shortened when a string, its type otherwise. */
export function shown(value: unknown): string {
  if (typeof value === 'string') {
    return `'${value.length > longestShown ? `${value.slice(0, longestShown)}…` : value}'`
  }
  if (value === null || typeof value === 'boolean' || typeof value === 'number')
    return String(value)
  return Array.isArray(value) ? 'an array' : typeof value
}

/** Throws unless `options` is a plain object that has no key but `known`: a misspelt option must not be ignored. */
export function checkOptions(options: unknown, path: string, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`${path} must be an object; got ${shown(options)}`)
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new TypeError(`${path}.${key} is not an option; the options are ${known.join(', ')}`)
    }
  }
}

/** Throws unless `value` is an array of strings. */
export function checkStrings(value: unknown, path: string): void {
  if (!Array.isArray(value)) {
    throw new TypeError(`${path} must be an array of strings; got ${shown(value)}`)
  }
  for (const [index, item] of value.entries()) {
    if (typeof item !== 'string') {
      throw new TypeError(`${path}[${index}] must be a string; got ${shown(item)}`)
    }
  }
}
