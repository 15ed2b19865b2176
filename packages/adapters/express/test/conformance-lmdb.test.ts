import { after, test } from 'node:test'
import { adapterCases } from '@holdfast/conformance/adapter'
import express from 'express'
import { startExpress } from './glue.js'
import { newLmdbStore } from './stores.js'

const store = newLmdbStore()
after(() => store.close())

const suite = {
  start: startExpress(express),
  store: () => store,
  closeStore: false,
  nodeResponse: true,
}

for (const { name, run } of adapterCases(suite)) test(name, run)
