import { test } from 'node:test'
import { adapterCases } from '@holdfast/conformance/adapter'
import { memoryStore } from '@holdfast/memory'
import { startNode } from './glue.js'

/** The core's own tests send what P7 promises; here it goes over sockets. */
const junkRequests = Number(process.env['HOLDFAST_JUNK'] ?? 20_000)

const suite = { start: startNode, store: memoryStore, nodeResponse: true, junkRequests }

for (const { name, run } of adapterCases(suite)) test(name, run)
