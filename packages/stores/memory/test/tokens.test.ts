import { test } from 'node:test'
import { tokenCases } from '@holdfast/conformance/tokens'
import { memoryStore } from '@holdfast/memory'

/** The figures that the project promises are for 10,000 of each: `npm run tokens -w @holdfast/memory`. */
const COUNT = Number(process.env['HOLDFAST_TOKEN_RUNS'] ?? 300)

const cases = tokenCases({ open: () => memoryStore(), schedules: COUNT, rounds: COUNT })

for (const { name, skip, run } of cases) if (skip === null) test(name, run)
