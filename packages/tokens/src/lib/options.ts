import { SessionError } from '@holdfast/core'

/** Throws `TypeError` unless `options` is an object with known names only: a typing error must not turn a check off. */
export function checkOptions(options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('options must be an object')
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new TypeError(`unknown option '${name}'; known are ${known.join(', ')}`)
    }
  }
}

/** A text option that may not be empty. */
export function textOption(value: unknown, path: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw new TypeError(`${path} must be a text that is not empty`)
}

/** A whole number within bounds: `TypeError` for another type, `ERR_SESSION_CONFIG` for another value. */
export function wholeOption(value: unknown, path: string, least: number, most: number): number {
  if (typeof value !== 'number')
    throw new TypeError(`${path} must be a number; got ${typeof value}`)
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  throw new SessionError(
    'ERR_SESSION_CONFIG',
    `${path} must be a whole number from ${least} to ${most}; got ${value}`,
  )
}

/** Scheme and host of a URL and nothing else, such as `https://api.example`; undefined where left out. */
export function originOption(value: unknown, path: string): string | undefined {
  if (value === undefined) return undefined
  const fits = typeof value === 'string' && URL.canParse(value) && new URL(value).origin === value
  if (fits) return value
  throw new TypeError(`${path} must be a scheme and a host, such as https://api.example`)
}
