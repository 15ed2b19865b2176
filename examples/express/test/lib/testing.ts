// What tests of the other examples share with those of this one.
export { complaints, launch, noBrowser, signIn } from './browser.js'
export { privateFolder, type WatchedStore, watched } from './site.js'
