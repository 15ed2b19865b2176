import { test } from 'node:test'
import { adapterCases } from '@holdfast/conformance/adapter'
import { memoryStore } from '@holdfast/memory'
import { startNode } from './glue.js'

const suite = { start: startNode, store: memoryStore, nodeResponse: true, junkRequests: 100_000 }

for (const { name, run } of adapterCases(suite)) test(name, run)
