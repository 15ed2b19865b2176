import { raceTests } from './lib/short.js'

// On a PostgreSQL that HOLDFAST_POSTGRES names.

raceTests('postgres')
