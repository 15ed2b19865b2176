/** Where "now" comes from: epoch milliseconds. Default: `Date.now`. */
export type Clock = () => number

/** `seconds(30)` is 30,000: every duration in Holdfast is in milliseconds. */
export function seconds(count: number): number {
  return count * 1000
}

/** `minutes(30)` is 1,800,000 milliseconds. */
export function minutes(count: number): number {
  return count * 60_000
}

/** `hours(8)` is 28,800,000 milliseconds. */
export function hours(count: number): number {
  return count * 3_600_000
}

/** `days(30)` is 2,592,000,000 milliseconds. */
export function days(count: number): number {
  return count * 86_400_000
}
