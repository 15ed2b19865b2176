import assert from 'node:assert/strict'
import { type CallOptions, COOKIE, withSteps } from '../client.js'
import type { Group } from '../define.js'
import { RawConnection, rawRequest, setsCookie, statuses } from '../raw.js'
import type { Site } from '../site.js'
import { randomText, Seeded } from '../seeded.js'

const AT_ONCE = 250

/** Requests that nobody has signed in for cost nothing that lasts (P7). */
export function junkCases(group: Group): void {
  const count = group.suite.junkRequests ?? 2000

  group.add(`${count} anonymous requests leave 0 records and get 0 cookies`, async (site) => {
    const text = rawRequest(withSteps('/json', ['me', 'get cart', 'keys']))
    await flood(site, count, () => text)
    assert.equal(site.store.calls(), 0)
    assert.deepEqual(site.events, [])
  })

  group.add(`${count} forged tokens (seed ${group.seed}) cause 0 store calls`, async (site) => {
    const client = await site.signedIn()
    const token = client.token ?? ''
    const before = site.store.calls()
    const random = new Seeded(group.seed)
    site.events.splice(0)
    await flood(site, count, () =>
      rawRequest(withSteps('/json', ['me']), [`Cookie: ${COOKIE}=${forged(random, token)}`]),
    )
    assert.equal(site.store.calls(), before)
    assert.equal(site.takeRejections().length, count, 'each is an event')
  })

  group.add('an unknown session with a right tag is never adopted', async (site) => {
    const random = new Seeded(group.seed)
    const id = randomText(random, 22)
    const foreign = site.sessions.tokenKeys(COOKIE).issue(id, randomText(random, 43))
    const answer = await site.client().do(['me', 'set a 1', 'me'], fixed(foreign))
    assert.notEqual(answer.token, foreign)
    assert.ok(!answer.body.includes(id))
    assert.deepEqual(site.takeRejections(), ['unknown'])
    assert.equal(await site.sessions.get(id), null)
  })
}

function fixed(token: string): CallOptions {
  return { cookie: `${COOKIE}=${token}` }
}

/** A token of the right shape, with a part of it made up. */
function forged(random: Seeded, token: string): string {
  const [id = '', verifier = '', tag = ''] = token.split('-')
  switch (random.below(4)) {
    case 0:
      return `${randomText(random, id.length)}-${verifier}-${tag}`
    case 1:
      return `${id}-${randomText(random, verifier.length)}-${tag}`
    case 2:
      return `${id}-${verifier}-${tag.slice(0, 4)}${randomText(random, tag.length - 4)}`
    default:
      return randomText(random, 1 + random.below(200))
  }
}

/** Sends `count` requests, pipelined, and looks at every answer. */
async function flood(site: Site, count: number, text: () => string): Promise<void> {
  const connection = new RawConnection(site.port)
  try {
    for (let done = 0; done < count; done += AT_ONCE) {
      const now = Math.min(AT_ONCE, count - done)
      connection.received = ''
      connection.send(Array.from({ length: now }, text).join(''))
      await connection.until((received) => answers(received) === now)
      const seen = statuses(connection.received)
      assert.equal(seen.length, now)
      assert.ok(seen.every((status) => status === 200))
      assert.equal(setsCookie(connection.received), false)
    }
  } finally {
    await connection.destroy()
  }
}

/** How many answers have come back whole. */
function answers(received: string): number {
  const parts = received.split('{"out":[')
  return parts.at(-1)?.includes(']}') === true ? parts.length - 1 : parts.length - 2
}
