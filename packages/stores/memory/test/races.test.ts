import { test } from 'node:test'
import { storeCases } from '@holdfast/conformance/store'
import { memoryStore } from '@holdfast/memory'

/** The promise is made for 10,000 rounds: `HOLDFAST_ROUNDS=10000`. */
const ROUNDS = Number(process.env['HOLDFAST_ROUNDS'] ?? 400)

const PROMISED = 'races: nothing in flight brings a session back'

// 10,000 schedules are promised of what has ended; the other races get a share of this.
for (const { schedules, takes } of [
  { schedules: 10_000, takes: (name: string) => name.startsWith(PROMISED) },
  { schedules: 3_000, takes: (name: string) => !name.startsWith(PROMISED) },
]) {
  const cases = storeCases({ open: () => memoryStore(), schedules, rounds: ROUNDS })
  for (const { name, run } of cases) if (name.startsWith('races') && takes(name)) test(name, run)
}
