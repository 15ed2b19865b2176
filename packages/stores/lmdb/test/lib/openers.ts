import { closeFolder, openFolder } from '../../src/lib/folder.js'

/** Opens and closes the folder, over and over, until it is killed. */
const [, , path = ''] = process.argv
process.send?.('open')
for (;;) closeFolder(openFolder(path))
