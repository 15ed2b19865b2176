import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newSeed, seeded } from '@holdfast/test-servers/random'
import { ask, type Place } from './support/ask.js'
import { exchange } from './support/raw.js'
import { Visitor } from './support/visitor.js'
import { startWorld } from './support/world.js'

const SEED = newSeed()
const REQUESTS = 1_000
const random = seeded(SEED)
/** A whole number from 0 up to `n`. */
const pick = (n: number): number => Math.floor(random() * n)
const one = <T>(items: readonly [T, ...T[]]): T => items[pick(items.length)] ?? items[0]

const METHODS = ['GET', 'POST', 'PATCH', 'PUT', 'HEAD', 'OPTIONS', 'get', 'G\x01T', ''] as const
const PATHS = [
  '/v1/session',
  '/v1/session/touch',
  '/v1/session/authenticate',
  '/v1/session/revoke',
  '/v1/session/csrf-token/verify',
  '/v1/sessions',
  '/v1/sessions?subject=%ff&limit=-1',
  '/v1/sessions/revoke',
  '/v1/sessions/__proto__',
  '/v1/revoke',
  '/v1/keys/retire',
  '/v1/events?type=constructor',
  '/metrics',
  '/readyz?x',
  'http://a/v1/session',
  '*',
  '/%',
  '/\x80\xff',
] as const
const HEADERS = [
  'Content-Type: application/json',
  'Content-Type: application/json',
  'Cookie: __Host-session=x; __Host-session=y',
  `Cookie: ${'__Host-session=a; '.repeat(300)}`,
  `Cookie: __Host-session=${'A'.repeat(22)}-${'B'.repeat(43)}-${'C'.repeat(22)}`,
  'X-Forwarded-Proto: https',
  'X-Forwarded-Proto: https, http',
  'X-Forwarded-For: \xff, ::1%eth0, 1.2.3.4.5',
  'X-Forwarded-Host: a b',
  'Authorization: Bearer',
  'Expect: 100-continue',
  'Expect: something',
  'Upgrade: websocket',
  'Connection: upgrade, close',
  'Transfer-Encoding: chunked',
  'Content-Length: 1e3',
  'Content-Length: 99999999999999999999',
  'Content-Encoding: gzip',
  '__proto__: x',
  ': x',
  'X',
] as const
const BODIES = [
  '',
  '{}',
  '{"set":{"constructor":1,"toString":null}}',
  '{"set":{"a":{"__proto__":{"b":1}}},"unset":["__proto__"]}',
  '{"subject":"x"}',
  '{"subject":{"$ne":null}}',
  '{"everyone":"true"}',
  '[[[[[[[[',
  '0\r\n\r\n',
  'ffffffffffff\r\n',
  '\x00'.repeat(300),
] as const

function hostile(): string {
  const lines = Array.from({ length: pick(5) }, () => one(HEADERS))
  const body = one(BODIES)
  const length = pick(3) === 0 ? [] : [`Content-Length: ${body.length}`]
  const head = [`${one(METHODS)} ${one(PATHS)} HTTP/1.1`, 'Host: a', ...lines, ...length]
  const text = `${head.join('\r\n')}\r\n\r\n${body}`
  // Some are cut off, some have a byte changed.
  const at = pick(text.length)
  if (pick(4) === 0) return text.slice(0, at)
  return pick(4) === 0
    ? text.slice(0, at) + String.fromCharCode(pick(256)) + text.slice(at + 1)
    : text
}

test(`${REQUESTS} hostile requests: each answer is one of the protocol's, and nobody's session suffers (seed ${SEED})`, async () => {
  const world = await startWorld({ limits: { headTimeout: 300, requestTimeout: 500 } })
  const { shop, blog, tcp, admin, monitor } = world
  const places: readonly [Place, ...Place[]] = [shop, blog, tcp, admin, monitor]
  const visitor = new Visitor()
  await visitor.signIn(world.shop, 'ida')
  const statuses = new Map<number, number>()
  const send = async (): Promise<void> => {
    const text = hostile()
    // A stream of events has no end of its own.
    const received = await exchange(one(places), text)
    for (const [, status] of received.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)) {
      const code = Number(status)
      statuses.set(code, (statuses.get(code) ?? 0) + 1)
      assert.ok(code < 500, `${text}\n---\n${received}`)
    }
  }
  for (let sent = 0; sent < REQUESTS; sent += 20)
    await Promise.all(Array.from({ length: 20 }, () => send()))
  assert.deepEqual(world.logged, [])
  assert.ok([...statuses.values()].reduce((sum, count) => sum + count, 0) > REQUESTS / 3)
  assert.ok(
    (statuses.get(400) ?? 0) > 50 && (statuses.get(404) ?? 0) > 20,
    JSON.stringify([...statuses]),
  )
  const { session } = await visitor.session(world.shop, 'GET', '/v1/session')
  assert.equal(session?.subject, 'ida')
  assert.equal((await ask(world.monitor, 'GET', '/healthz')).status, 200)
})
