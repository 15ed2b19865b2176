import { test } from 'node:test'
import { adapterCases } from '@holdfast/conformance/adapter'
import { memoryStore } from '@holdfast/memory'
import { startFetch } from './fetch-glue.js'

for (const { name, run } of adapterCases({ start: startFetch, store: memoryStore })) test(name, run)
