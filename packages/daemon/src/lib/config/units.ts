/** `30m`: a whole number and its unit. */
export const DURATION = /^(\d{1,9})(ms|s|m|h|d)$/
/** The same, above zero. */
export const LASTING = /^([1-9]\d{0,8})(ms|s|m|h|d)$/
/** `64k`: a whole number and its unit. */
export const SIZE = /^(\d{1,9})([kM]?)$/
/** `0660`: permissions in octal digits. */
export const MODE = /^0?[0-7]{3}$/

const MILLISECONDS = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])
const BYTES = new Map([
  ['', 1],
  ['k', 1024],
  ['M', 1024 * 1024],
])

/** Milliseconds; the text has been checked. */
export function toMilliseconds(text: string): number {
  return scaled(text, DURATION, MILLISECONDS)
}

/** Bytes; the text has been checked. */
export function toBytes(text: string): number {
  return scaled(text, SIZE, BYTES)
}

function scaled(text: string, shape: RegExp, units: ReadonlyMap<string, number>): number {
  const [, amount = '', unit = ''] = shape.exec(text) ?? []
  return Number(amount) * (units.get(unit) ?? NaN)
}
