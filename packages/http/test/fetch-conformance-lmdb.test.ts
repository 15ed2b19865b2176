import { after, test } from 'node:test'
import { adapterCases } from '@holdfast/conformance/adapter'
import { startFetch } from './fetch-glue.js'
import { newLmdbStore } from './stores.js'

const store = newLmdbStore()
after(() => store.close())

/** Races of the engine: the tests of node:http run more of them. */
const revocationRounds = 60

const suite = { start: startFetch, store: () => store, closeStore: false, revocationRounds }

for (const { name, run } of adapterCases(suite)) test(name, run)
