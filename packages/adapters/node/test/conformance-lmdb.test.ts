// @exclusive
import { test } from 'node:test'
import { adapterCases } from '@holdfast/conformance/adapter'
import { startNode } from './glue.js'
import { newLmdbStore } from './stores.js'

const suite = { start: startNode, store: newLmdbStore, nodeResponse: true }

for (const { name, run } of adapterCases(suite)) test(name, run)
