import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClientDescription, ClientOptions } from '@holdfast/core'
import { request, World } from './support/world.js'

interface Facts {
  readonly address: string | null
  readonly userAgent: string | null
}

/** What the record keeps, and what the event shows, of a device. */
async function kept(
  facts: Facts,
  options?: ClientOptions,
): Promise<readonly [ClientDescription | null, unknown]> {
  const world = new World(options === undefined ? {} : { client: options })
  const { open } = await request(world, null, (session) => session.set('a', 1), facts)
  return [open.record?.client ?? null, world.named('session_created')[0]?.client]
}

async function keptAddress(address: string, mode?: 'full'): Promise<string | null> {
  const [description] = await kept({ address, userAgent: null }, mode && { address: mode })
  return description?.address ?? null
}

const prefixes: Readonly<Record<string, string | null>> = {
  '203.0.113.7': '203.0.113.0/24',
  '0.0.0.0': '0.0.0.0/24',
  '255.255.255.255': '255.255.255.0/24',
  '::ffff:203.0.113.7': '203.0.113.0/24',
  '::FFFF:203.0.113.7': '203.0.113.0/24',
  '2001:db8:1:2::3': '2001:db8:1::/48',
  '2001:0DB8:0001:0002:0003:0004:0005:0006': '2001:db8:1::/48',
  '2001:db8::': '2001:db8:0::/48',
  '::1': '0:0:0::/48',
  'fe80::1': 'fe80:0:0::/48',
  '1::2:3:4:5:6:7': '1:0:2::/48',
  unknown: null,
  '': null,
  '203.0.113': null,
  '203.0.113.7.8': null,
  '999.1.1.1': null,
  '203.0.113.7:8080': null,
  '[::1]': null,
  'fe80::1%eth0': null,
  '1:2': null,
  ':::': null,
  '1::2::3': null,
  '12345::1': null,
  '203.0.113.7\r\nX: y': null,
}
for (const [address, expected] of Object.entries(prefixes)) {
  test(`of the address ${JSON.stringify(address)} is kept: ${expected ?? 'nothing'}`, async () => {
    assert.equal(await keptAddress(address), expected)
  })
}

test('an address is kept whole where that is asked for, cleaned of control characters', async () => {
  assert.equal(await keptAddress('203.0.113.7', 'full'), '203.0.113.7')
  assert.equal(await keptAddress('::1\r\nSet-Cookie: a=b', 'full'), '::1  Set-Cookie: a=b')
})

const controls = [
  ...Array(32).keys(),
  ...Array.from({ length: 33 }, (_, at) => 127 + at),
  0x2028,
  0x2029,
]

test('control characters and line ends of a user agent become spaces, in the record and in events', async () => {
  for (const code of controls) {
    const char = String.fromCodePoint(code)
    const [description, event] = await kept({
      address: null,
      userAgent: `Fire${char}fox${char}`,
    })
    assert.deepEqual(description, { label: null, address: null, userAgent: 'Fire fox' })
    assert.deepEqual(event, { address: null, userAgent: 'Fire fox' })
  }
})

test('a user agent cannot forge a log line, whatever it is made of', async () => {
  const agent =
    'x\r\n{"type":"session_authenticated","subject":"root"}\u001b[2J\u2028\ud83d\ude00\ud800'
  const [description, event] = await kept({ address: null, userAgent: agent })
  for (const shown of [JSON.stringify(description), JSON.stringify(event)]) {
    assert.equal(shown.split(/[\n\r\u2028\u2029]/).length, 1)
    assert.ok(!shown.includes('\\u001b') && !shown.includes('\\n') && shown.isWellFormed())
    assert.ok(shown.includes('😀'))
  }
})

test('a user agent is kept to 256 characters, none of them half', async () => {
  const [long] = await kept({ address: null, userAgent: 'a'.repeat(10_000) })
  assert.equal(long?.userAgent, 'a'.repeat(256))
  const [split] = await kept({ address: null, userAgent: `${'a'.repeat(255)}😀` })
  assert.ok(split?.userAgent?.isWellFormed())
  const [blank] = await kept({ address: null, userAgent: ' \t\n ' })
  assert.equal(blank, null)
})

test('address: none and userAgent: none keep nothing, in the record and in events', async () => {
  const facts = { address: '203.0.113.7', userAgent: 'Firefox' }
  const [description, event] = await kept(facts, { address: 'none', userAgent: 'none' })
  assert.equal(description, null)
  assert.deepEqual(event, { address: null, userAgent: null })
})

test('a label names the device for people, cleaned like the rest', async () => {
  const facts = { address: '203.0.113.7', userAgent: 'Firefox/140 Linux' }
  const seen: unknown[] = []
  const [description] = await kept(facts, {
    userAgent: 'none',
    label: ({ address, userAgent }) => {
      seen.push([address, userAgent])
      return `Firefox\non Linux${'!'.repeat(500)}`
    },
  })
  assert.deepEqual(seen, [[facts.address, facts.userAgent]])
  assert.equal(description?.label?.slice(0, 17), 'Firefox on Linux!')
  assert.equal(description?.label?.length, 256)
  const [without] = await kept(facts, { label: () => null })
  assert.equal(without?.label, null)
})

test('a session bound to its device is refused from another: same outcome as any, its own reason', async () => {
  const world = new World({ client: { userAgent: 'none', bind: ({ userAgent }) => userAgent } })
  const here = { userAgent: 'certificate 1' }
  const { action, open } = await request(
    world,
    null,
    (session) => session.authenticate('alice'),
    here,
  )
  assert.ok(action.kind === 'set')
  const { token } = action
  for (let count = 0; count < 2; count++) {
    assert.equal(await world.whose(token, here), 'alice')
    assert.equal(await world.whose(token, { userAgent: 'certificate 2' }), 'binding_mismatch')
    assert.equal(await world.whose(token, { userAgent: null }), 'binding_mismatch')
  }
  const id = open.record?.id ?? ''
  assert.equal((await world.record(id)).revokedAt, null, 'the owner is not signed out for it')
  assert.ok(!JSON.stringify(await world.record(id)).includes('certificate'), 'kept as a hash')
  const reasons = world
    .named('session_rejected')
    .map(({ reason, sessionId }) => [reason, sessionId])
  assert.deepEqual(
    reasons,
    Array.from({ length: 4 }, () => ['binding_mismatch', id]),
  )
})

test('a hook that throws refuses the request it was asked for, and nothing is stored', async () => {
  const own = new Error('of the hook')
  const fail = (): never => {
    throw own
  }
  for (const client of [{ bind: fail }, { label: fail }]) {
    const world = new World({ client })
    await assert.rejects(() => request(world, null, (session) => session.set('a', 1)), own)
    assert.equal(world.named('session_created').length, 0)
    assert.equal(await world.whose(null), 'none')
  }
})
