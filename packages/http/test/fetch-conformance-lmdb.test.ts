import { after, test } from 'node:test'
import { adapterCases } from '@holdfast/conformance/adapter'
import { startFetch } from './fetch-glue.js'
import { newLmdbStore } from './stores.js'

const store = newLmdbStore()
after(() => store.close())

const suite = { start: startFetch, store: () => store, closeStore: false }

for (const { name, run } of adapterCases(suite)) test(name, run)
