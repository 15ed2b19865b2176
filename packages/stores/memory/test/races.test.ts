import { test } from 'node:test'
import { storeCases } from '@holdfast/conformance/store'
import { memoryStore } from '@holdfast/memory'

const cases = storeCases({ open: () => memoryStore(), schedules: 10_000, rounds: 10_000 })

for (const { name, run } of cases) if (name.startsWith('races')) test(name, run)
