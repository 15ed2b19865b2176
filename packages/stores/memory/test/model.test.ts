import { test } from 'node:test'
import { storeCases } from '@holdfast/conformance/store'
import { memoryStore } from '@holdfast/memory'

const cases = storeCases({ open: () => memoryStore(), propertyRuns: 6_000 })

for (const { name, slow, skip, run } of cases) {
  if (slow && name.startsWith('model')) test(name, { skip: skip ?? false }, run)
}
