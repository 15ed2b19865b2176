import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { PostgresServer, skipPostgres } from '@holdfast/test-servers/postgres'
import { RedisServer, skipRedis } from '@holdfast/test-servers/redis'
import type { Client } from './lib/client.js'
import { runToEnd, type SiteProcess, startProcess } from './lib/process.js'
import { privateFolder } from './lib/site.js'

const folder = privateFolder('stores-')
after(() => folder.remove())

/** A database server of a test's own: its address for HOLDFAST_STORE. */
interface Database {
  readonly address: string
  remove(): Promise<void>
}

const DATABASES: readonly (readonly [string, string | false, () => Promise<Database>])[] = [
  ['redis', skipRedis, startRedis],
  ['postgres', skipPostgres, startPostgres],
]

async function startRedis(): Promise<Database> {
  const settings = ['--appendonly', 'yes', '--appendfsync', 'always']
  const server = await RedisServer.start({ settings })
  return { address: `redis://127.0.0.1:${server.port}`, remove: () => server.remove() }
}

async function startPostgres(): Promise<Database> {
  const server = await PostgresServer.start()
  return { address: server.url, remove: () => server.remove() }
}

for (const [name, skip, start] of DATABASES) {
  test(`two sites on one server (${name}): one ends what the other began`, { skip }, async () => {
    const server = await start()
    const env = { HOLDFAST_STORE: server.address }
    const data = join(folder.path, name)
    const sites: SiteProcess[] = []
    try {
      const here = await startProcess(data, env)
      sites.push(here)
      const there = await startProcess(data, env)
      sites.push(there)
      await visit(here, there)
    } finally {
      await Promise.all(sites.map((site) => site.end('SIGTERM')))
      await server.remove()
    }
    for (const site of sites) assert.doesNotMatch(site.output(), /store: /)
  })
}

async function visit(here: SiteProcess, there: SiteProcess): Promise<void> {
  const visitor = here.client()
  assert.equal((await visitor.signIn()).status, 200)
  const same = visitor.clone(there.client())
  await visitor.send('PUT', '/data/note', { json: { value: 'kept' } })
  assert.deepEqual((await same.get('/data')).json, { note: 'kept' })
  assert.equal((await same.post('/logout-everywhere')).status, 200)
  assert.equal(await statusSoon(visitor), 401)
}

/** The push needs a moment to arrive; 5 s is the bound without it. */
async function statusSoon(visitor: Client): Promise<number> {
  for (const until = Date.now() + 5_000; Date.now() < until;) {
    const { status } = await visitor.get('/me')
    if (status !== 200) return status
  }
  return 200
}

for (const address of ['mysql://root:secret@localhost/x', 'localhost:6379', 'redis']) {
  test(`HOLDFAST_STORE=${address.replace('secret', '***')} is refused, and not repeated`, async () => {
    const env = { HOLDFAST_DATA: join(folder.path, 'refused'), HOLDFAST_STORE: address }
    const { code, said } = await runToEnd(env)
    assert.equal(code, 1)
    assert.match(said, /HOLDFAST_STORE must begin with redis:\/\/ or postgres:\/\//)
    assert.doesNotMatch(said, /secret|root/)
  })
}
