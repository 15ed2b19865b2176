import { test } from 'node:test'
import { adapterCases } from '@holdfast/conformance/adapter'
import { memoryStore } from '@holdfast/memory'
import express from 'express4'
import { startExpress } from './glue.js'

const suite = {
  start: startExpress(express),
  store: memoryStore,
  nodeResponse: true,
  revocationRounds: 40,
  junkRequests: 500,
}

for (const { name, run } of adapterCases(suite)) test(name, run)
