import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { isOfClient } from '../src/matrix/known.js'

const run = promisify(execFile)

/** Tells what would have ended the process: a client that asks nothing, and is answered. */
const APP = `
  import { Redis } from 'ioredis'
  process.once('uncaughtException', (error) => {
    process.stdout.write('uncaughtException: ' + error.stack)
    process.exit()
  })
  new Redis({ port: Number(process.argv[1]), enableReadyCheck: false, disableClientInfo: true })
`

test('a null that answers nobody crashes ioredis by itself, and no other crash is taken for that', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      const asked = chunk.toString().match(/\*\d/g)?.length ?? 0
      socket.write('+OK\r\n'.repeat(asked) + '_\r\n'.repeat(9))
    })
  }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const args = ['--input-type=module', '--eval', APP, String(port)]
  const { stdout } = await run(process.execPath, args, {
    cwd: import.meta.dirname,
    timeout: 60_000,
  })
  assert.ok(isOfClient(stdout), stdout)
  const [first = '', second = '', ...rest] = stdout.split('\n')
  assert.ok(!isOfClient([first, ...rest].join('\n')), 'thrown elsewhere')
  assert.ok(!isOfClient([first.replace('null', 'undefined'), second].join('\n')), 'another error')
})
