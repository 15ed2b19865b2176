import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSessionOf } from '@holdfast/core/engine'
import { asyncStore } from './support/stores.js'
import { request, World } from './support/world.js'

test('a write that is meant for one version is refused at another, without another attempt', async () => {
  const world = new World({ store: asyncStore() })
  const browser = await world.anonymous()
  const version = async (): Promise<number> =>
    (await request(world, browser.token, (session) => openSessionOf(session).record?.version ?? 0))
      .value
  const seen = await version()
  const write = (ifVersion: number | null, value: number): Promise<unknown> =>
    request(world, browser.token, (session) => {
      openSessionOf(session).ifVersion = ifVersion
      session.set('count', value)
    })
  await write(seen, 1)
  assert.equal(await version(), seen + 1)
  await assert.rejects(write(seen, 2), { code: 'ERR_SESSION_CONFLICT', retryable: false })
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, at) => write(seen + 1, 100 + at)),
  )
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1, 'one of 20')
  await write(null, 5)
  assert.equal(await version(), seen + 3)
})
