import { after, test } from 'node:test'
import { adapterCases } from '@holdfast/conformance/adapter'
import { startNode } from './glue.js'
import { newLmdbStore } from './stores.js'

const store = newLmdbStore()
after(() => store.close())

const suite = { start: startNode, store: () => store, closeStore: false, nodeResponse: true }

for (const { name, run } of adapterCases(suite)) test(name, run)
