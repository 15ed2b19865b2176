/** What came of one kind of race. */
export class Tally {
  readonly name: string
  /** Races that were run. */
  rounds = 0
  /** What broke a promise, in words. */
  readonly violations: string[] = []
  readonly #figures = new Map<string, number>()

  constructor(name: string) {
    this.name = name
  }

  /** Notes a violation unless it is so. */
  expect(holds: boolean, violation: string): void {
    if (!holds) this.violations.push(violation)
  }

  add(figure: string, amount = 1): void {
    this.#figures.set(figure, this.figure(figure) + amount)
  }

  /** Keeps the largest. */
  atMost(figure: string, value: number): void {
    this.#figures.set(figure, Math.max(this.figure(figure), value))
  }

  figure(name: string): number {
    return this.#figures.get(name) ?? 0
  }

  toString(): string {
    const figures = [...this.#figures].map(([name, value]) => `${name} ${rounded(value)}`)
    const broken = `${this.violations.length} violations`
    return `${this.name}: ${[`${this.rounds} rounds`, broken, ...figures].join(', ')}`
  }
}

function rounded(value: number): string {
  return Math.round(value).toLocaleString('en')
}
