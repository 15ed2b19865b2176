/** A process of its own on a folder of keys: rotates when it is told to, and says which keys it then has. */
import { fileKeySet } from '@holdfast/tokens'

const [folder = '', publishAhead = '600000'] = process.argv.slice(2)

process.once('message', () => {
  const keys = fileKeySet(folder, { publishAhead: Number(publishAhead) })
  keys.rotate()
  process.send?.(keys.list().map(({ kid }) => kid))
})
process.send?.('ready')
