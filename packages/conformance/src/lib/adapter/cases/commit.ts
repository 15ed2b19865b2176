import assert from 'node:assert/strict'
import { withSteps } from '../client.js'
import type { Group } from '../define.js'
import { exchange, RawConnection, rawRequest, setsCookie, statuses } from '../raw.js'
import type { Site } from '../site.js'
import { assertMarked } from './laziness.js'

/** What changed is stored before the client can know of the response, however the response is made. */
export function commitCases(group: Group): void {
  const shapes: readonly (readonly [name: string, path: string, status: number])[] = [
    ['a plain response', '/json', 200],
    ['a redirect', '/redirect', 303],
    ['a stream', '/stream', 200],
    ['204', '/empty?status=204', 204],
    ['304', '/empty?status=304', 304],
    ['an error thrown later', '/throw', 500],
  ]
  for (const [name, path, status] of shapes) {
    group.add(`the change is stored when the headers of ${name} come`, async (site) => {
      const client = site.client()
      const answer = await client.do(['set cart 3'], { path })
      assert.equal(answer.status, status)
      assert.notEqual(answer.token, null)
      assertMarked(answer)
      assert.deepEqual((await client.get(['get cart'])).out, ['3'])
      const changed = await client.do(['set cart 4'], { path })
      assert.equal(changed.status, status)
      assert.deepEqual(changed.setCookies, [])
      assert.deepEqual((await client.get(['get cart'])).out, ['4'])
    })
  }

  group.add('an error thrown at once takes no change with it', async (site) => {
    const client = site.client()
    const answer = await client.do([], { path: '/throw-sync' })
    assert.equal(answer.status, 500)
    assert.ok(!answer.body.includes('failed at once') || answer.token !== null)
    assert.deepEqual((await client.get(['get before'])).out, ['throw'])
  })

  group.add('HEAD sets the cookie that GET would', async (site) => {
    const client = site.client()
    const answer = await client.get(['set cart 3'], { method: 'HEAD' })
    assert.equal(answer.status, 200)
    assert.equal(answer.body, '')
    assert.notEqual(answer.token, null)
    assert.deepEqual((await client.get(['get cart'])).out, ['3'])
  })

  group.add('no byte leaves before the store has the change', async (site) => {
    const client = await site.signedIn()
    site.store.break(['update'], async (run) => {
      await site.app.gates.wait('store')
      return run()
    })
    const connection = new RawConnection(site.port)
    const cookie = `Cookie: __Host-session=${client.token ?? ''}`
    connection.send(rawRequest(withSteps('/stream', ['set cart 3']), [cookie]))
    await site.app.gates.arrivals('store')
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(connection.received, '')
    site.app.gates.open('store')
    await connection.until(hasBegun)
    assert.match(connection.received, /^HTTP\/1\.1 200 /)
    await connection.destroy()
  })

  streamCases(group)
  connectionCases(group)
}

function streamCases(group: Group): void {
  group.add('several MB arrive whole although the commit is slow', async (site) => {
    slowly(site)
    const client = site.client()
    const answer = await client.do(['set cart 3'], { path: '/stream?count=64' })
    assert.equal(answer.body.length, 64 * 65_536)
    assert.equal(answer.body[65_536 * 27], 'b')
    assert.notEqual(answer.token, null)
  })

  group.add('a change after the response began is refused or stored, not lost', async (site) => {
    const client = await site.signedIn()
    for (const steps of [['me'], ['set cart 3']]) {
      const answer = await client.do(steps, { path: '/late' })
      assert.match(answer.body, /^begun;(?:ERR_SESSION_RESPONSE_COMMITTED|none);/)
      const [late, me] = (await client.get(['get late', 'me'])).out
      assert.equal(late, answer.body.includes(';none;') ? '1' : null)
      assert.equal(answer.body.endsWith('COMMITTED'), JSON.stringify(me).includes('"ann"'))
      if (steps[0] === 'me') assert.match(answer.body, /^begun;ERR_[A-Z_]+;ERR_[A-Z_]+$/)
      await client.do(['unset late'])
    }
  })
}

function connectionCases(group: Group): void {
  group.add('one connection serves many requests, each with its own session', async (site) => {
    const [ann, bob] = [await site.signedIn('ann'), await site.signedIn('bob')]
    const connection = new RawConnection(site.port)
    const ask = (token: string | null, steps: readonly string[], last = false): string => {
      const lines = [token === null ? 'X: y' : `Cookie: __Host-session=${token}`]
      if (last) lines.push('Connection: close')
      return rawRequest(withSteps('/json', steps), lines)
    }
    // All at once: they are answered in order, although the first is the slowest.
    slowly(site)
    connection.send(
      ask(ann.token, ['set a 1', 'me']) +
        ask(null, ['me']) +
        ask(bob.token, ['me']) +
        ask(ann.token, [], false) +
        ask(bob.token, ['set b 1', 'me'], true),
    )
    await connection.closed
    assert.deepEqual(statuses(connection.received), [200, 200, 200, 200, 200])
    const subjects = [...connection.received.matchAll(/"subject":("?\w+"?)/g)].map(([, one]) => one)
    assert.deepEqual(subjects, ['"ann"', 'null', '"bob"', '"bob"'])
    assert.equal(setsCookie(connection.received), false)
  })

  group.add('100-continue is answered and the change is stored', async (site) => {
    const text = rawRequest(
      withSteps('/json', ['set cart 3']),
      ['Expect: 100-continue', 'Content-Length: 4', 'Connection: close'],
      'POST',
    )
    const received = await exchange(site.port, `${text}body`)
    assert.deepEqual(statuses(received), [200])
    assert.equal(setsCookie(received), true)
    assert.equal(site.store.calls('insert'), 1)
  })

  group.add('a request that is aborted before it is handled harms nothing', async (site) => {
    const client = await site.signedIn()
    const connection = new RawConnection(site.port)
    const cookie = `Cookie: __Host-session=${client.token ?? ''}`
    connection.send(rawRequest(withSteps('/json', ['wait gone', 'set a 1', 'me']), [cookie]))
    await site.app.gates.arrivals('gone')
    await connection.destroy()
    site.app.gates.open('gone')
    await eventually(async () => (await client.get(['get a'])).out[0] === '1')
  })

  group.add('a client that goes away does not take its change with it', async (site) => {
    const client = await site.signedIn()
    const connection = new RawConnection(site.port)
    const cookie = `Cookie: __Host-session=${client.token ?? ''}`
    connection.send(rawRequest(withSteps('/json', ['set a 1', 'wait gone']), [cookie]))
    await site.app.gates.arrivals('gone')
    await connection.destroy()
    site.app.gates.open('gone')
    await eventually(async () => (await client.get(['get a'])).out[0] === '1')
    assert.deepEqual((await client.do(['set b 2', 'keys'])).out[1], ['a', 'b'])
  })

  group.add('a client that goes away in mid-stream harms nothing', async (site) => {
    const client = await site.signedIn()
    const connection = new RawConnection(site.port)
    const cookie = `Cookie: __Host-session=${client.token ?? ''}`
    connection.send(rawRequest(withSteps('/stream?count=500', ['set a 1']), [cookie]))
    await connection.until(hasBegun)
    await connection.destroy()
    assert.deepEqual((await client.get(['get a'])).out, ['1'])
  })
}

/** Every write takes a while, as it does on a disk. */
export function slowly(site: Site, milliseconds = 15): void {
  site.store.break(['insert', 'update'], async (run) => {
    await new Promise((resolve) => setTimeout(resolve, milliseconds))
    return run()
  })
}

/** Waits until `holds` is true, for much longer than it can take. */
export async function eventually(holds: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + 20_000
  while (performance.now() < deadline) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.fail('it did not happen within twenty seconds')
}

function hasBegun(received: string): boolean {
  return received.includes('HTTP/1.1 200 ')
}
