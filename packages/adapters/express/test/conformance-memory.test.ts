import { test } from 'node:test'
import { adapterCases } from '@holdfast/conformance/adapter'
import { memoryStore } from '@holdfast/memory'
import express from 'express'
import { startExpress } from './glue.js'

const suite = { start: startExpress(express), store: memoryStore, nodeResponse: true }

for (const { name, run } of adapterCases(suite)) test(name, run)
