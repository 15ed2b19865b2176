import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStore } from '@holdfast/memory'
import { type Browser, HOUR, KEY, MINUTE, OLD_KEY, request, World } from './support/world.js'

async function tokenFor(browser: Browser): Promise<string> {
  return (await browser.visit((session) => session.csrfToken())).value
}

async function accepts(browser: Browser, token: unknown): Promise<boolean> {
  return (await browser.visit((session) => session.verifyCsrfToken(token))).value
}

test('a CSRF token is good for its session, again and again, and differs at each call', async () => {
  const world = new World()
  const browser = await world.signedIn()
  const tokens = await Promise.all(Array.from({ length: 50 }, () => tokenFor(browser)))
  assert.equal(new Set(tokens).size, 50)
  for (const token of tokens) {
    assert.match(token, /^[0-9A-Za-z]{22}-[0-9A-Za-z]{28}$/)
    assert.equal(await accepts(browser, token), true)
    assert.equal(await accepts(browser, token), true)
  }
})

test('a CSRF token of another session is refused, of the same subject too, and where there is none', async () => {
  const world = new World()
  const [mine, other, anonymous] = [
    await world.signedIn(),
    await world.signedIn(),
    await world.anonymous(),
  ]
  const token = await tokenFor(mine)
  assert.equal(await accepts(other, token), false)
  assert.equal(await accepts(anonymous, token), false)
  assert.equal(
    (await request(world, null, (session) => session.verifyCsrfToken(token))).value,
    false,
  )
  assert.equal(await accepts(mine, await tokenFor(other)), false)
})

for (const change of ['authenticate', 'reauthenticate', 'rotate'] as const) {
  test(`a CSRF token dies with ${change}(), and the next one is good`, async () => {
    const world = new World()
    const browser = change === 'authenticate' ? await world.anonymous() : await world.signedIn()
    const before = await tokenFor(browser)
    await browser.visit((session) =>
      change === 'authenticate' ? session.authenticate('alice') : session[change](),
    )
    assert.equal(await accepts(browser, before), false)
    assert.equal(await accepts(browser, await tokenFor(browser)), true)
  })
}

test('a CSRF token survives a renewal in passing, and dies with the session', async () => {
  const world = new World()
  const browser = await world.signedIn()
  const { token } = browser
  const csrf = await tokenFor(browser)
  world.clock.at += 20 * MINUTE
  await browser.visit(() => undefined)
  assert.notEqual(browser.token, token)
  assert.equal(await accepts(browser, csrf), true)
  world.clock.at += HOUR
  assert.equal(await accepts(browser, csrf), false)
})

test('a form for a visitor: the token starts a session, and is good on it', async () => {
  const world = new World()
  const { value: csrf, action } = await request(world, null, (session) => {
    const token = session.csrfToken()
    assert.notEqual(session.csrfToken(), token)
    return token
  })
  assert.ok(action.kind === 'set')
  const { value } = await request(world, action.token, (session) => session.verifyCsrfToken(csrf))
  assert.equal(value, true)
})

test('every character of a CSRF token altered, and every other spelling: refused', async () => {
  const world = new World()
  const browser = await world.signedIn()
  const csrf = await tokenFor(browser)
  const spoiled: unknown[] = [
    undefined,
    null,
    5,
    {},
    [csrf],
    '',
    `${csrf} `,
    ` ${csrf}`,
    csrf + csrf,
  ]
  spoiled.push(csrf.toUpperCase(), csrf.toLowerCase(), encodeURIComponent(`${csrf}=`), `${csrf}\n`)
  spoiled.push(csrf.split('-').toReversed().join('-'), Buffer.from(csrf).toString('base64'))
  for (let at = 0; at < csrf.length; at++) {
    spoiled.push(csrf.slice(0, at), csrf.slice(0, at) + csrf.slice(at + 1))
    const code = csrf.charCodeAt(at)
    for (const other of [...Array(256).keys(), code + 0x100, code + 0x2000, 0xfee0 + code]) {
      if (other !== code)
        spoiled.push(csrf.slice(0, at) + String.fromCharCode(other) + csrf.slice(at + 1))
    }
  }
  await browser.visit((session) => {
    for (const token of spoiled) {
      if (token !== csrf) assert.equal(session.verifyCsrfToken(token), false)
    }
    assert.equal(session.verifyCsrfToken(csrf), true)
  })
})

test('a CSRF token passes from one key to the next, until its key is retired', async () => {
  const store = memoryStore()
  const world = new World({ store, keys: [OLD_KEY] })
  const browser = await world.signedIn()
  const csrf = await tokenFor(browser)
  world.sessions.setKeys([KEY, OLD_KEY])
  assert.equal(await accepts(browser, csrf), true)
  await browser.visit((session) => session.rotate())
  const next = await tokenFor(browser)
  assert.equal(next.slice(23, 27), browser.token.slice(67, 71), 'the newest key signs')
  world.sessions.setKeys([KEY])
  assert.equal(await accepts(browser, next), true)
  assert.equal(await accepts(browser, csrf), false)
})

test('a CSRF token of another tenant is refused, for a session of the same id', async () => {
  const store = memoryStore()
  const [a, b] = [new World({ store, tenant: 'a' }), new World({ store, tenant: 'b' })]
  const browser = await a.signedIn()
  const csrf = await tokenFor(browser)
  const verifier = browser.token.slice(23, 66)
  const there = b.keys.issue(browser.id, verifier)
  const { value } = await request(b, there, (session) => [
    session.subject,
    session.verifyCsrfToken(csrf),
    session.verifyCsrfToken(session.csrfToken()),
  ])
  assert.deepEqual(value, ['alice', false, true])
})
