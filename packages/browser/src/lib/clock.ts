/**
 * A moment, by two clocks. The steady one may stand still while the machine sleeps; the wall clock may be set. What has passed
 * is the longer of the two answers: a token is then renewed too early at worst, never used too late for long.
 */
export interface Moment {
  readonly steady: number
  readonly wall: number
}

/** The moment that was `age` milliseconds ago. */
export function momentAgo(age: number): Moment {
  return { steady: performance.now() - age, wall: Date.now() - age }
}

/** Milliseconds since a moment, 0 or more. */
export function elapsedSince({ steady, wall }: Moment): number {
  return Math.max(performance.now() - steady, Date.now() - wall, 0)
}
