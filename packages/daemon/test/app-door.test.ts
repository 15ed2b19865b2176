import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAppDoor } from '@holdfast/daemon'
import { ask } from './support/ask.js'
import { exchange } from './support/raw.js'
import { type Loaded, VISIT, Visitor } from './support/visitor.js'
import { startWorld, TCP_TOKEN } from './support/world.js'

const world = await startWorld()
const { shop, blog, tcp } = world
const SESSION = '/v1/session'

test('a request without a cookie has no session, and gets none by being read', async () => {
  const answer = await ask(shop, 'GET', SESSION, { headers: VISIT })
  assert.equal(answer.status, 200)
  assert.deepEqual(answer.json, { session: null, version: null, data: {}, shared: {} })
  assert.equal(answer.headers['set-cookie'], undefined)
  assert.equal(answer.headers['cache-control'], 'no-store')
})

test('a session is begun, read, changed, and ended', async () => {
  const visitor = new Visitor()
  const begun = await visitor.session(shop, 'POST', SESSION, { set: { cart: ['a'] } })
  assert.equal(begun.session?.subject, null)
  assert.deepEqual(begun.data, { cart: ['a'] })
  assert.match(visitor.cookie ?? '', /^__Host-session=/)
  const change = { set: { cart: ['a', 'b'], seen: 1 }, shared: { set: { lang: 'de' } } }
  const changed = await visitor.session(shop, 'PATCH', SESSION, change)
  assert.deepEqual(changed.data, { cart: ['a', 'b'], seen: 1 })
  assert.deepEqual(changed.shared, { lang: 'de' })
  const less = await visitor.session(shop, 'PATCH', SESSION, { unset: ['seen', 'never-there'] })
  assert.deepEqual(less.data, { cart: ['a', 'b'] })
  assert.deepEqual(await visitor.session(shop, 'GET', SESSION), less)
  const ended = await visitor.ask(shop, 'POST', `${SESSION}/revoke`, { reason: 'logout' })
  assert.equal(ended.status, 204)
  assert.equal(visitor.cookie, null, 'the cookie goes with it')
})

test('beginning a session where there is one is refused, and changes nothing', async () => {
  const visitor = new Visitor()
  await visitor.session(shop, 'POST', SESSION, { set: { a: 1 } })
  const again = await visitor.ask(shop, 'POST', SESSION, { set: { a: 2 } })
  assert.equal(again.status, 409)
  assert.match(again.text, /ERR_DAEMON_EXISTS/)
  assert.deepEqual((await visitor.session(shop, 'GET', SESSION)).data, { a: 1 })
})

test('an account is signed in with a new token, and the old one is dead', async () => {
  const visitor = new Visitor()
  await visitor.session(shop, 'POST', SESSION, { set: { cart: 1 } })
  const before = visitor.cookie
  const body = { subject: 'anna', methods: ['pwd', 'otp'], remember: true }
  const after = await visitor.session(shop, 'POST', `${SESSION}/authenticate`, body)
  assert.equal(after.session?.subject, 'anna')
  assert.deepEqual(after.data, { cart: 1 })
  assert.notEqual(visitor.cookie, before)
  const thief = new Visitor()
  thief.cookie = before
  assert.equal((await thief.session(shop, 'GET', SESSION)).session, null)
})

test('keepData: false leaves what was there behind', async () => {
  const visitor = new Visitor()
  await visitor.session(shop, 'POST', SESSION, { set: { cart: 1 } })
  const body = { subject: 'anna', keepData: false }
  assert.deepEqual((await visitor.session(shop, 'POST', `${SESSION}/authenticate`, body)).data, {})
})

test('an account proves itself again, and rotates its token', async () => {
  const visitor = new Visitor()
  await visitor.signIn(shop, 'berta')
  for (const path of ['/reauthenticate', '/rotate']) {
    const before = visitor.cookie
    const json = path === '/rotate' ? undefined : { methods: ['hwk'] }
    await visitor.session(shop, 'POST', SESSION + path, json)
    assert.notEqual(visitor.cookie, before, path)
  }
  const anonymous = new Visitor()
  await anonymous.session(shop, 'POST', SESSION, {})
  const refused = await anonymous.ask(shop, 'POST', `${SESSION}/reauthenticate`, {})
  assert.equal(refused.status, 409)
  assert.match(refused.text, /ERR_SESSION_NOT_AUTHENTICATED/)
})

test('touch records activity, and of a request without a session nothing', async () => {
  const visitor = new Visitor()
  await visitor.signIn(shop, 'cem')
  const { version } = await visitor.session(shop, 'GET', SESSION)
  const touched = await visitor.session(shop, 'POST', `${SESSION}/touch`)
  assert.equal(touched.version, (version ?? 0) + 1)
  assert.equal((await new Visitor().session(shop, 'POST', `${SESSION}/touch`)).session, null)
})

test('the other sessions of an account end, and this one goes on', async () => {
  const [here, there] = [new Visitor(), new Visitor()]
  await here.signIn(shop, 'dora')
  await there.signIn(shop, 'dora')
  const answer = await here.ask(shop, 'POST', `${SESSION}/revoke-others`, {})
  assert.deepEqual(answer.json, { count: 1 })
  assert.equal((await there.session(shop, 'GET', SESSION)).session, null)
  assert.notEqual((await here.session(shop, 'GET', SESSION)).session, null)
})

test('a token for forms is of one session, and starts one for a visitor without', async () => {
  const [visitor, other] = [new Visitor(), new Visitor()]
  const issued = await visitor.ask(shop, 'POST', `${SESSION}/csrf-token`)
  assert.notEqual(visitor.cookie, null)
  await other.signIn(shop, 'emil')
  const verify = async (who: Visitor): Promise<unknown> =>
    (await who.ask(shop, 'POST', `${SESSION}/csrf-token/verify`, issued.json)).json
  assert.deepEqual(await verify(visitor), { valid: true })
  assert.deepEqual(await verify(other), { valid: false })
})

test('sessions of an account are listed by pages, and ended but one', async () => {
  const visitors = Array.from({ length: 5 }, () => new Visitor())
  const ids: string[] = []
  for (const visitor of visitors) ids.push((await visitor.signIn(shop, 'fritz')).session?.id ?? '')
  const seen: string[] = []
  let next: string | null = null
  do {
    const after: string = next === null ? '' : `&after=${next}`
    const { json } = await ask(shop, 'GET', `/v1/sessions?subject=fritz&limit=2${after}`)
    const page = json as { sessions: { id: string }[]; next: string | null }
    assert.ok(page.sessions.length <= 2)
    seen.push(...page.sessions.map(({ id }) => id))
    next = page.next
  } while (next !== null)
  assert.deepEqual(seen, ids.toSorted())
  const [kept = ''] = ids
  const ended = await ask(shop, 'POST', '/v1/sessions/revoke', {
    json: { subject: 'fritz', except: kept, reason: 'password_changed' },
  })
  assert.deepEqual(ended.json, { count: 4 })
  const all = await ask(shop, 'GET', '/v1/sessions?subject=fritz&ended=true')
  const { sessions } = all.json as { sessions: { reason: string | null }[] }
  assert.equal(sessions.filter(({ reason }) => reason === 'password_changed').length, 4)
})

test('what a right is needed for is refused without it, and the answer says how to give it', async () => {
  const visitor = new Visitor()
  const asked = [
    ['authenticate', 'POST', '/v1/session/authenticate', { subject: 'root' }],
    ['authenticate', 'POST', '/v1/session/reauthenticate', {}],
    ['list', 'GET', '/v1/sessions?subject=anna', undefined],
    ['revoke', 'POST', '/v1/sessions/revoke', { subject: 'anna' }],
  ] as const
  for (const [right, method, path, json] of asked) {
    const answer = await visitor.ask(blog, method, path, json)
    assert.equal(answer.status, 403, path)
    assert.match(answer.text, /ERR_DAEMON_RIGHT/)
    assert.ok(answer.text.includes(`add \\"${right}\\" to rights in [apps.blog]`), answer.text)
  }
  assert.equal(visitor.cookie, null)
})

test('an application sees its own values and the shared ones, and no way leads to those of another', async () => {
  const visitor = new Visitor()
  await visitor.session(shop, 'POST', SESSION, {
    set: { secret: 'shop' },
    shared: { set: { lang: 'fr' } },
  })
  const seen = await visitor.session(blog, 'GET', SESSION)
  assert.deepEqual([seen.data, seen.shared], [{}, { lang: 'fr' }])
  // Names with which one might reach further are names in the application's own namespace, or refused.
  const names = ['shop:secret', ':secret', '../shop:secret', '~grant:x', 'shared:lang']
  const patch = { set: Object.fromEntries(names.map((name) => [name, 'blog'])), unset: ['secret'] }
  const own = await visitor.session(blog, 'PATCH', SESSION, patch)
  assert.deepEqual(Object.keys(own.data).toSorted(), names.toSorted())
  for (const name of ['#flash:x', '#version', '__proto__', 'x'.repeat(129), '\ud800']) {
    const body = `{"set":{${JSON.stringify(name)}:1}}`
    const refused = await visitor.ask(blog, 'PATCH', SESSION, undefined, {
      body,
      headers: { 'content-type': 'application/json' },
    })
    assert.equal(refused.status, 400, name)
  }
  assert.deepEqual((await visitor.session(shop, 'GET', SESSION)).data, { secret: 'shop' })
})

test('over TCP an application proves itself with its token, on every operation', async () => {
  const asking = (authorization?: string | string[]): Promise<number> =>
    ask(tcp, 'GET', SESSION, {
      headers: {
        ...VISIT,
        ...(authorization === undefined ? {} : { authorization: authorization as string }),
      },
    }).then(({ status }) => status)
  assert.equal(await asking(`Bearer ${TCP_TOKEN}`), 200)
  for (const wrong of [
    undefined,
    'Bearer',
    TCP_TOKEN,
    `Basic ${TCP_TOKEN}`,
    `Bearer ${TCP_TOKEN.slice(0, -1)}`,
    `Bearer ${TCP_TOKEN}x`,
    `Bearer ${TCP_TOKEN.toUpperCase()}`,
    `Bearer ${TCP_TOKEN}, Bearer ${TCP_TOKEN}`,
    [`Bearer ${TCP_TOKEN}`, `Bearer ${TCP_TOKEN}`],
  ])
    assert.equal(await asking(wrong), 401, String(wrong))
  const { headers, text } = await ask(tcp, 'POST', '/v1/sessions/revoke', {
    json: { subject: 'x' },
  })
  assert.match(headers['www-authenticate']?.toString() ?? '', /^Bearer/)
  assert.match(text, /ERR_DAEMON_TOKEN/)
})

test('over TCP there is no door without a token that is worth the name', () => {
  const [app] = world.parts.settings.apps
  assert.ok(app !== undefined)
  for (const wrong of [null, { host: '127.0.0.1', port: 0, token: 'short' }]) {
    const broken = { code: 'ERR_SESSION_CONFIG' }
    assert.throws(() => createAppDoor(world.parts, { ...app, tcp: wrong }, 'tcp'), broken)
  }
  for (const namespace of ['~grant', 'shared', 'a:b', '']) {
    const broken = { code: 'ERR_SESSION_CONFIG' }
    assert.throws(() => createAppDoor(world.parts, { ...app, namespace }), broken)
  }
})

test('of two cookies of our name none counts, in one line or in two', async () => {
  const visitor = new Visitor()
  await visitor.signIn(shop, 'hugo')
  const cookie = visitor.cookie ?? ''
  const forged = `__Host-session=${'A'.repeat(22)}-${'B'.repeat(43)}-${'C'.repeat(22)}`
  // Bytes of our own: node's client makes one line of several.
  const subjectOf = async (cookies: readonly string[]): Promise<unknown> => {
    const lines = ['Host: a', ...cookies.map((each) => `Cookie: ${each}`), 'Connection: close']
    const received = await exchange(
      shop,
      `GET ${SESSION} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`,
    )
    const [, body = ''] = received.split('\r\n\r\n')
    return (JSON.parse(body) as Loaded).session?.subject
  }
  assert.equal(await subjectOf([cookie]), 'hugo')
  for (const twice of [[`${cookie}; ${cookie}`], [cookie, cookie]])
    assert.equal(await subjectOf(twice), undefined)
  // What a sibling host may add is told from ours by its tag.
  for (const added of [[`${forged}; ${cookie}`], [forged, cookie]])
    assert.equal(await subjectOf(added), 'hugo')
})

test('a token that is due is renewed in passing, and all who still come with the old one get the same new one', async () => {
  let now = Date.now()
  const { shop: place } = await startWorld({ clock: () => now })
  const visitor = new Visitor()
  await visitor.signIn(place, 'jana')
  now += 50 * 60_000
  const racers = Array.from({ length: 10 }, () => {
    const racer = new Visitor()
    racer.cookie = visitor.cookie
    return racer
  })
  const change = (racer: Visitor, at: number): Promise<Loaded> =>
    at % 2 === 0
      ? racer.session(place, 'GET', SESSION)
      : racer.session(place, 'PATCH', SESSION, { set: { [`k${at}`]: at } })
  for (const { session } of await Promise.all(racers.map(change)))
    assert.equal(session?.subject, 'jana')
  const cookies = new Set(racers.map(({ cookie }) => cookie))
  assert.equal(cookies.size, 1)
  assert.ok(!cookies.has(visitor.cookie))
})

test('the keys of assertions are those of the application that asks', async () => {
  const [own, other] = [
    await ask(shop, 'GET', '/v1/assertion-keys'),
    await ask(blog, 'GET', '/v1/assertion-keys'),
  ]
  assert.equal(own.status, 200)
  assert.notEqual(own.text, other.text)
})

test('over plain HTTP no session begins, and the answer says what to hand on', async () => {
  const headers = { 'x-forwarded-proto': 'http' }
  const answer = await new Visitor().ask(shop, 'POST', SESSION, {}, { headers })
  assert.equal(answer.status, 400)
  assert.match(answer.text, /ERR_SESSION_INSECURE_TRANSPORT.*X-Forwarded-Proto/)
})

test('the device of a session is the one that the web server names, not what a visitor adds', async () => {
  const visitor = new Visitor()
  const headers = { 'x-forwarded-for': '198.51.100.7, 203.0.113.9' }
  await visitor.ask(shop, 'POST', `${SESSION}/authenticate`, { subject: 'gabi' }, { headers })
  const { text } = await ask(shop, 'GET', '/v1/sessions?subject=gabi')
  assert.match(text, /203\.0\.113\.0\/24/)
  assert.match(text, /Test\/1\.0/)
})
