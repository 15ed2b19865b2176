import { test } from 'node:test'
import { adapterCases } from '@holdfast/conformance/adapter'
import { memoryStore } from '@holdfast/memory'
import { startFetch } from './fetch-glue.js'

/** Races of the engine: the tests of node:http run more of them. */
const revocationRounds = 60

const suite = { start: startFetch, store: memoryStore, revocationRounds }

for (const { name, run } of adapterCases(suite)) test(name, run)
