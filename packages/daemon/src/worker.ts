import { runWorker } from './lib/process/run-worker.js'

runWorker()
