import assert from 'node:assert/strict'
import { after, before, describe, test, type TestContext } from 'node:test'
import { until } from '@holdfast/test-servers/wait'
import type { Visitor } from './lib/client.js'
import { noNginx, startWorld, type World } from './lib/world.js'

describe('a daemon in trouble behind nginx', { skip: noNginx }, () => {
  let world: World

  before(async () => {
    world = await startWorld()
  })
  after(() => world.stop())

  test('both are reloaded under load: no request is dropped', async (t) => {
    const load = startLoad(t, world, await world.visitor().signIn())
    for (let round = 0; round < 3; round++) {
      await world.admin.reload()
      world.site.nginx.process.kill('SIGHUP')
      await load.more(150)
    }
    assert.deepEqual(await load.stop(), { wrong: [], refused: 0 })
  })

  test('a daemon that stands still lets nobody in, and goes on where it was', async () => {
    const visitor = await world.visitor().signIn()
    const { pid } = world.site.daemon.child.process
    const workers = await workersOf(pid ?? 0)
    for (const worker of workers) process.kill(worker, 'SIGSTOP')
    const { status, headers, cookies } = await visitor.ask('/echo/')
    for (const worker of workers) process.kill(worker, 'SIGCONT')
    assert.equal(status, 503)
    assert.equal(headers['retry-after'], '5')
    assert.deepEqual(cookies, [])
    await until(async () => (await visitor.ask('/echo/')).status === 200, 'it goes on')
  })

  test('workers are killed under load: nobody is let in who should not be, and they come back', async (t) => {
    const load = startLoad(t, world, await world.visitor().signIn())
    await load.more(100)
    for (const worker of await workersOf(world.site.daemon.child.process.pid ?? 0))
      process.kill(worker, 'SIGKILL')
    await load.more(200)
    const { wrong } = await load.stop()
    assert.deepEqual(wrong, [])
    const visitor = await world.visitor().signIn()
    assert.equal((await visitor.ask('/echo/')).status, 200)
  })

  test('without a daemon every page is refused, in words, and no cookie is taken away', async () => {
    const visitor = await world.visitor().signIn()
    await world.site.daemon.child.stop('SIGKILL')
    for (const path of ['/', '/echo/', '/login', '/assets/site.css']) {
      const { status, body, cookies } = await visitor.ask(path)
      assert.deepEqual([path, status, cookies], [path, 503, []])
      assert.match(body, /You are not signed out/)
    }
  })
})

interface Load {
  /** Waits for so many more answers. */
  more(count: number): Promise<void>
  /** Wrong answers: 200 for a stranger, or what is neither served nor refused. */
  stop(): Promise<{ readonly wrong: readonly string[]; readonly refused: number }>
}

/** Requests of somebody who is signed in and of a stranger, one after the other, four at a time. */
function startLoad(t: TestContext, world: World, known: Visitor): Load {
  const ended = new AbortController()
  t.after(() => ended.abort())
  let count = 0
  let refused = 0
  const wrong: string[] = []
  const { cookie } = known
  const run = async (): Promise<void> => {
    const visitor = world.visitor()
    while (!ended.signal.aborted) {
      const signedIn = Math.random() < 0.5
      const headers: Record<string, string> = signedIn ? { Cookie: cookie ?? '' } : {}
      const outcome = await visitor.ask('/echo/', { headers }).then(
        ({ status }) => String(status),
        (error: unknown) => String(error),
      )
      count += 1
      if (outcome === (signedIn ? '200' : '401')) continue
      if (outcome === '503') refused += 1
      else wrong.push(`${signedIn ? 'known' : 'stranger'}: ${outcome}`)
    }
  }
  const runs = Array.from({ length: 4 }, run)
  return {
    more: async (more) => {
      const end = count + more
      await until(() => count >= end, 'more requests are answered')
    },
    stop: async () => {
      ended.abort()
      await Promise.all(runs)
      return { wrong: wrong.slice(0, 10), refused }
    },
  }
}

async function workersOf(pid: number): Promise<readonly number[]> {
  const { readFile } = await import('node:fs/promises')
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return children.trim().split(' ').map(Number)
}
