/** The JSON of the protocols. */
export * from './lib/shapes.js'
