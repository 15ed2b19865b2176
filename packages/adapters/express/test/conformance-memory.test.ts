import { test } from 'node:test'
import { adapterCases } from '@holdfast/conformance/adapter'
import { memoryStore } from '@holdfast/memory'
import express from 'express'
import { startExpress } from './glue.js'

/** Races of the engine: the tests of node:http run more of them. */
const revocationRounds = 60

const suite = {
  start: startExpress(express),
  store: memoryStore,
  nodeResponse: true,
  revocationRounds,
}

for (const { name, run } of adapterCases(suite)) test(name, run)
