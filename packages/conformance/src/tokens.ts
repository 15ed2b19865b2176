export { tokenCases } from './lib/tokens/token-cases.js'
export type { StoreCase } from './lib/definition.js'
export type { StoreSuiteOptions } from './lib/options.js'
