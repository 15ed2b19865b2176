import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { until } from '@holdfast/test-servers/wait'
import { startLoad } from '../lib/load.js'
import type { World } from '../lib/world.js'

/** A daemon in trouble. These come last: they end it. */
export function trouble(world: () => World): void {
  test('both are reloaded under load: no request is dropped', async (t) => {
    const load = startLoad(t, world(), await world().visitor().signIn())
    for (let round = 0; round < 3; round++) {
      await world().admin.reload()
      world().site.nginx.process.kill('SIGHUP')
      await load.more(150)
    }
    assert.deepEqual(await load.stop(), { wrong: [], refused: 0 })
  })

  test('slow: a daemon that stands still lets nobody in, and goes on where it was', async () => {
    const visitor = await world().visitor().signIn()
    const workers = await workersOf(world())
    for (const worker of workers) process.kill(worker, 'SIGSTOP')
    const { status, headers, cookies } = await visitor.ask('/echo/')
    for (const worker of workers) process.kill(worker, 'SIGCONT')
    assert.equal(status, 503)
    assert.equal(headers['retry-after'], '5')
    assert.equal(headers['cache-control'], 'no-store')
    assert.deepEqual(cookies, [])
    await until(async () => (await visitor.ask('/echo/')).status === 200, 'it goes on')
  })

  test('restarted under load, killed workers and all of it: no answer is wrong', async (t) => {
    const visitor = await world().visitor().signIn()
    const load = startLoad(t, world(), visitor)
    await load.more(100)
    for (const worker of await workersOf(world())) process.kill(worker, 'SIGKILL')
    await load.more(100)
    await world().daemon.child.stop()
    await load.more(50)
    await world().startDaemon()
    await load.more(100)
    const { wrong, refused } = await load.stop()
    assert.deepEqual(wrong, [])
    assert.ok(refused > 0, 'it was away')
    assert.equal((await visitor.ask('/echo/')).status, 200)
  })

  test('daemon down: every page is refused, in words, and no cookie is taken away', async () => {
    const visitor = await world().visitor().signIn()
    await world().daemon.child.stop('SIGKILL')
    for (const path of ['/', '/echo/', '/by-hand/', '/login', '/assets/site.css']) {
      const { status, body, cookies, headers } = await visitor.ask(path)
      assert.deepEqual([path, status, cookies], [path, 503, []])
      assert.equal(headers['strict-transport-security'], 'max-age=63072000')
      assert.match(body, /You are not signed out/)
    }
  })
}

async function workersOf({ daemon }: World): Promise<readonly number[]> {
  const pid = daemon.child.process.pid ?? 0
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return children.trim().split(' ').map(Number)
}
