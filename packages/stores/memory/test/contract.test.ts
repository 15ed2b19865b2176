import { test } from 'node:test'
import { storeCases } from '@holdfast/conformance/store'
import { memoryStore } from '@holdfast/memory'

for (const { name, slow, skip, run } of storeCases({ open: () => memoryStore() })) {
  if (!slow && skip === null) test(name, { skip: skip ?? false }, run)
}
