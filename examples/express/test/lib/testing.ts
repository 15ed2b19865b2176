// What tests of the other examples share with those of this one.
export { violations } from './accessibility.js'
export { complaints, launch, noBrowser, signIn } from './browser.js'
export { Client } from './client.js'
export type { Answer } from './client.js'
export { startServer } from './server.js'
export { privateFolder, watched } from './site.js'
export type { WatchedStore } from './site.js'
