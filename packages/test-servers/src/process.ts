export { freePort, newFolder } from './lib/place.js'
export { end, freeze, isRunning, thaw, track } from './lib/process.js'
