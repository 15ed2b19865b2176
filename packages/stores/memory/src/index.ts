export { memoryStore } from './lib/memory-store.js'
