import { raceTests } from './lib/short.js'

// On a redis-server that HOLDFAST_REDIS names.

raceTests('cluster')
