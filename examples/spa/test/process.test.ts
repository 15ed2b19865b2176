import assert from 'node:assert/strict'
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Client, privateFolder } from '@holdfast/example-express/testing'

const MAIN = fileURLToPath(new URL('../src/main.js', import.meta.url))
const folder = privateFolder('spa-process-')
after(() => folder.remove())

test('as a process it says where it is, serves the page and its API, survives a restart and ends in peace', async () => {
  const first = await start()
  const visitor = new Client(first.origin, readFileSync(join(folder.path, 'localhost.pem'), 'utf8'))
  assert.match((await visitor.get('/')).text, /<title>Holdfast, single-page<\/title>/)
  assert.equal((await visitor.get('/api/me')).status, 401)
  const keys = await visitor.get('/.well-known/jwks.json')
  visitor.close()
  assert.equal(await first.end(), 0)

  const second = await start()
  const again = new Client(second.origin, readFileSync(join(folder.path, 'localhost.pem'), 'utf8'))
  assert.deepEqual((await again.get('/.well-known/jwks.json')).json, keys.json)
  again.close()
  assert.equal(await second.end(), 0)
})

test('where it cannot start it says why', async () => {
  const child = run({ PORT: 'abc' })
  await once(child, 'close')
  assert.equal(child.exitCode, 1)
})

async function start(): Promise<{ readonly origin: string; end(): Promise<number | null> }> {
  const child = run({ PORT: '0' })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const gone = once(child, 'exit')
  while (!/^ready: \S+$/m.test(text)) {
    if (child.exitCode !== null) throw new Error(`it did not start: ${text}`)
    await Promise.race([once(child.stdout, 'data'), gone])
  }
  return {
    origin: /^ready: (\S+)$/m.exec(text)?.[1] ?? '',
    end: async () => {
      child.kill('SIGTERM')
      await gone
      return child.exitCode
    },
  }
}

function run(env: Readonly<Record<string, string>>): ChildProcessByStdio<null, Readable, null> {
  const own = { HOLDFAST_DATA: folder.path, HOLDFAST_STORE: '', ...env }
  return spawn(process.execPath, [MAIN], {
    env: { ...process.env, ...own },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}
