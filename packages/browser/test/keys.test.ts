import assert from 'node:assert/strict'
import { minutes } from '@holdfast/core'
import { inBrowser } from './lib/suite.js'
import { ask, makeClient, openTab, openTabs, signIn, stateOf } from './lib/tab.js'

const BOUND = { dpop: true }
const KEPT = { clientId: 'native', persist: 'indexeddb' } as const

/** Everything in IndexedDB, as text; bytes as Latin-1. */
const DUMP = `(async () => {
  const texts = (value) => {
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return new TextDecoder('latin1').decode(value)
    if (value instanceof CryptoKey) return ['key', value.type, value.extractable].join(' ')
    if (typeof value !== 'object' || value === null) return String(value)
    return Object.entries(value).map(([name, part]) => name + ': ' + texts(part)).join('\\n')
  }
  const all = []
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((resolve) => {
      const opening = indexedDB.open(name)
      opening.onsuccess = () => resolve(opening.result)
    })
    const reading = database.transaction('values').objectStore('values').getAll()
    await new Promise((resolve) => { reading.onsuccess = resolve })
    all.push(...reading.result.map(texts))
    database.close()
  }
  return all.join('\\n')
})()`

inBrowser('keys that stay in the browser', {
  'tokens are bound to a key, with the nonces that the server asks for': async (
    context,
    service,
  ) => {
    const page = await openTab(context, BOUND)
    await signIn(page)
    assert.equal(Object((await ask(page)).body).scheme, 'DPoP')
    service.advance(minutes(2))
    assert.equal((await ask(page, '/api', { method: 'POST', body: 'whole' })).status, 200)
    assert.match(String(await page.evaluate(DUMP)), /key private false/)
    // Nonces of two minutes ago are not taken any more; the next proof has another one.
    const refused = service.count('GET /api 401')
    for (let round = 0; round < 3; round++) assert.equal((await ask(page)).status, 200)
    assert.ok(service.count('GET /api 401') - refused <= 1)
  },

  'all tabs and the next visit use the same key': async (context, service) => {
    const page = await openTab(context, BOUND)
    await signIn(page)
    const tabs = [page, ...(await openTabs(context, 3, BOUND))]
    service.advance(minutes(2))
    const renewals = service.count('POST /auth/token 200')
    const answers = await Promise.all(tabs.map((tab) => ask(tab)))
    assert.ok(answers.every(({ status }) => status === 200))
    assert.equal(service.count('POST /auth/token 200') - renewals, 1)
    for (const tab of tabs) await tab.close()
    const again = await openTab(context, BOUND)
    assert.equal((await again.evaluate(() => client.restore())).status, 'signed-in')
    assert.equal((await ask(again)).status, 200)
  },

  'a clock that is off by hours is corrected by the server’s': async (context, service) => {
    for (const hours of [-7, 7]) {
      await context.clock.install({ time: Date.now() + hours * minutes(60) })
      const page = await openTab(context, BOUND)
      await signIn(page)
      assert.equal((await ask(page)).status, 200)
      service.advance(minutes(2))
      assert.equal((await ask(page)).status, 200)
      await page.evaluate(() => client.signOut())
      await page.close()
    }
  },

  'a server that answers with an unbound token is refused': async (context, service) => {
    const page = await openTab(context, BOUND)
    service.intruders.set('/auth/issue', (_req, res) =>
      res.end('{"access_token":"abc","token_type":"Bearer","expires_in":60}'),
    )
    const code = await page.evaluate(() => client.signIn().catch((error) => error.code))
    assert.equal(code, 'ERR_CLIENT_REFUSED')
    assert.notEqual((await stateOf(page)).status, 'signed-in')
  },

  'signing out deletes the key': async (context) => {
    const page = await openTab(context, BOUND)
    await signIn(page)
    await page.evaluate(() => client.signOut())
    assert.equal(await page.evaluate(DUMP), '')
  },
})

inBrowser('a refresh token that is kept in the browser', {
  'it survives a reload without a cookie, encrypted': async (context) => {
    const page = await openTab(context, KEPT)
    const given = page.waitForResponse('**/sign-in/native')
    await page.evaluate(() => client.signIn('/sign-in/native'))
    const { refresh_token: token } = (await (await given).json()) as { refresh_token: string }
    assert.deepEqual(await context.cookies(), [])
    const dump = String(await page.evaluate(DUMP))
    assert.match(dump, /key secret false/)
    for (const part of [token, ...token.split('-')]) assert.ok(!dump.includes(part))
    await page.reload()
    await makeClient(page, KEPT)
    assert.equal((await page.evaluate(() => client.restore())).status, 'signed-in')
    assert.equal((await ask(page)).status, 200)
  },

  'it is replaced at each renewal, once for all tabs': async (context, service) => {
    const page = await openTab(context, KEPT)
    await page.evaluate(() => client.signIn('/sign-in/native'))
    const tabs = [page, ...(await openTabs(context, 4, KEPT))]
    const before = await page.evaluate(DUMP)
    for (let round = 1; round <= 3; round++) {
      const renewals = service.renewals.length
      service.advance(minutes(2))
      const answers = await Promise.all(tabs.map((tab) => ask(tab)))
      assert.ok(answers.every(({ status }) => status === 200))
      assert.equal(service.renewals.length - renewals, 1)
      await page.evaluate(() => client.reportActivity())
    }
    assert.notEqual(await page.evaluate(DUMP), before)
  },

  'signing out deletes it, also when the server cannot be told': async (context, service) => {
    for (const away of [false, true]) {
      const page = await openTab(context, KEPT)
      await page.evaluate(() => client.signIn('/sign-in/native'))
      const { sessionId } = await stateOf(page)
      if (away) service.intruders.set('/auth/token/revoke', (_req, res) => res.writeHead(503).end())
      const code = await page.evaluate(() => client.signOut().catch((error) => error.code))
      assert.equal(code, away ? 'ERR_CLIENT_UNAVAILABLE' : undefined)
      assert.equal(await page.evaluate(DUMP), '')
      const live = (await service.sessions.get(sessionId ?? ''))?.revokedAt === null
      assert.equal(live, away)
      await page.reload()
      await makeClient(page, KEPT)
      assert.equal((await page.evaluate(() => client.restore())).status, 'signed-out')
      service.intruders.clear()
    }
  },

  'a sign-out of which the server was not told is told later, and not done before': async (
    context,
    service,
  ) => {
    const page = await openTab(context, KEPT)
    const sessionIds: (string | null)[] = []
    service.intruders.set('/auth/token/revoke', (_req, res) => res.writeHead(503).end())
    // The second time there is nothing to sign out; the third time, one session more.
    for (const signsIn of [true, false, true]) {
      if (signsIn) {
        await page.evaluate(() => client.signIn('/sign-in/native'))
        sessionIds.push((await stateOf(page)).sessionId)
      }
      const code = await page.evaluate(() => client.signOut().catch((error) => error.code))
      assert.equal(code, 'ERR_CLIENT_UNAVAILABLE')
    }
    service.intruders.clear()
    await page.evaluate(() => client.signOut())
    for (const id of sessionIds)
      assert.notEqual((await service.sessions.get(id ?? ''))?.revokedAt, null)
    const told = service.count('POST /auth/token/revoke')
    await page.evaluate(() => client.signOut())
    assert.equal(service.count('POST /auth/token/revoke'), told)
  },

  'a sign-out that cannot read what it has to end is not done': async (context, service) => {
    const page = await openTab(context, KEPT)
    await page.evaluate(() => client.signIn('/sign-in/native'))
    const { sessionId } = await stateOf(page)
    await page.evaluate(`
      globalThis.whole = IDBDatabase.prototype.transaction
      IDBDatabase.prototype.transaction = () => { throw new DOMException('no', 'UnknownError') }
    `)
    const name = await page.evaluate(() => client.signOut().catch((error) => error.name))
    assert.equal(name, 'UnknownError')
    assert.equal((await stateOf(page)).status, 'signed-out')
    await page.evaluate('IDBDatabase.prototype.transaction = whole')
    await page.evaluate(() => client.signOut())
    assert.notEqual((await service.sessions.get(sessionId ?? ''))?.revokedAt, null)
    assert.equal(await page.evaluate(DUMP), '')
  },

  'signing out ends the whole session, also one that was not begun for this client': async (
    context,
    service,
  ) => {
    const page = await openTab(context, KEPT)
    await page.evaluate(() => client.signIn('/sign-in/beside'))
    const { sessionId } = await stateOf(page)
    await page.evaluate(() => client.signOut())
    assert.notEqual((await service.sessions.get(sessionId ?? ''))?.revokedAt, null)
  },

  'what cannot be opened any more is as good as none': async (context) => {
    const page = await openTab(context, KEPT)
    await page.evaluate(() => client.signIn('/sign-in/native'))
    await page.evaluate(() => client.close())
    await page.evaluate(`indexedDB.databases().then(([{ name }]) => new Promise((resolve) => {
      const opening = indexedDB.open(name)
      opening.onsuccess = () => {
        const writing = opening.result.transaction('values', 'readwrite')
        writing.objectStore('values').delete('vault key')
        writing.oncomplete = () => { opening.result.close(); resolve() }
      }
    }))`)
    await page.reload()
    await makeClient(page, KEPT)
    assert.equal((await page.evaluate(() => client.restore())).status, 'signed-out')
  },

  'with a key of its own besides, it is of no use elsewhere': async (context, service) => {
    const options = { ...KEPT, ...BOUND }
    const page = await openTab(context, options)
    await page.evaluate(() => client.signIn('/sign-in/native'))
    assert.equal(Object((await ask(page)).body).scheme, 'DPoP')
    service.advance(minutes(2))
    assert.equal((await ask(page)).status, 200)
    await page.reload()
    await makeClient(page, options)
    assert.equal((await page.evaluate(() => client.restore())).status, 'signed-in')
  },

  'a server that keeps it in a cookie, or hands it out unasked, is a mistake that is told': async (
    context,
  ) => {
    const kept = await openTab(context, { ...KEPT, clientId: 'spa' })
    await kept.evaluate(() => fetch('/sign-in', { method: 'POST' }))
    const first = await kept.evaluate(() => client.signIn().catch((error) => error.message))
    assert.match(String(first), /persist/)
    const plain = await openTab(context, { clientId: 'native' })
    const second = await plain.evaluate(() =>
      client.signIn('/sign-in/native').catch((error) => error.message),
    )
    assert.match(String(second), /persist/)
  },
})
