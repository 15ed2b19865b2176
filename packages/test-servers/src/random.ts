export { newSeed, seeded } from './lib/random.js'
export type { Random } from './lib/random.js'
