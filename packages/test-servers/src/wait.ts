export { pause, until } from './lib/wait.js'
