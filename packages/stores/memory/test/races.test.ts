import { test } from 'node:test'
import { storeCases } from '@holdfast/conformance/store'
import { memoryStore } from '@holdfast/memory'

/** The promise is made for 10,000 rounds: `HOLDFAST_ROUNDS=10000`. */
const ROUNDS = Number(process.env['HOLDFAST_ROUNDS'] ?? 1500)

const cases = storeCases({ open: () => memoryStore(), schedules: 10_000, rounds: ROUNDS })

for (const { name, run } of cases) if (name.startsWith('races')) test(name, run)
