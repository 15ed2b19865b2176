import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import test, { type TestContext } from 'node:test'
import { newPath, openStore } from './lib/folders.js'
import { ask, forkScript, runScript } from './lib/processes.js'
import { ANY, newRecord } from '@holdfast/conformance/records'

const now = Date.now()

async function startPeer(t: TestContext, path: string): Promise<ChildProcess> {
  const peer = forkScript(t, 'peer', [path])
  await once(peer, 'message')
  return peer
}

test('what another process has written is there at the next find', async (t) => {
  const path = newPath(t)
  const store = openStore(t, path)
  const peer = await startPeer(t, path)
  for (let round = 0; round < 20; round++) {
    const answer = await ask(peer, { do: 'insert', subject: `s${round}`, max: 9, times: 1 })
    const id = Array.isArray(answer) ? String(answer[0]) : ''
    assert.equal(store.find(id)?.subject, `s${round}`)
    assert.equal(await ask(peer, { do: 'revoke', id }), 1)
    assert.equal(store.find(id)?.reason, 'peer')
  }
})

test('no increment is lost between processes', async (t) => {
  const path = newPath(t)
  const store = openStore(t, path)
  const record = newRecord()
  await store.insert(record, { now, ...ANY })
  const peers = await Promise.all([startPeer(t, path), startPeer(t, path)])
  await Promise.all(peers.map((peer) => ask(peer, { do: 'increment', id: record.id, times: 100 })))
  assert.equal(store.find(record.id)?.data.get('app:count'), '200')
})

test('a limit holds across processes', async (t) => {
  const path = newPath(t)
  const store = openStore(t, path)
  const peers = await Promise.all([startPeer(t, path), startPeer(t, path)])
  const request = { do: 'insert', subject: 'user', max: 5, times: 20 }
  const answers = (await Promise.all(peers.map((peer) => ask(peer, request)))).flat()
  assert.equal(answers.filter((answer) => answer === 'limit').length, 35)
  assert.equal(store.list('user', { limit: 100, now }).records.length, 5)
})

test('processes that make the same folder at once all succeed', async (t) => {
  const path = newPath(t)
  const ends = await Promise.all(Array.from({ length: 6 }, () => runScript(t, 'opener', [path])))
  assert.deepEqual(
    ends.map(({ message }) => message),
    ends.map(() => 'ok'),
  )
})

test('an open store keeps no process alive', async (t) => {
  const { code, message } = await runScript(t, 'idle', [newPath(t)])
  assert.deepEqual({ code, message }, { code: 0, message: 'open' })
})

test('a write in flight keeps the process alive until it is answered', async (t) => {
  const { code, message } = await runScript(t, 'idle', [newPath(t), 'write'])
  assert.deepEqual({ code, message }, { code: 0, message: 'inserted' })
})
