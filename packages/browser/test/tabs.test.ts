import assert from 'node:assert/strict'
import { minutes } from '@holdfast/core'
import type { BrowserContext, Page } from 'playwright-core'
import type { Service } from './lib/service.js'
import { inBrowser } from './lib/suite.js'
import { ask, makeClient, openTab, openTabs, reaches, signIn, stateOf } from './lib/tab.js'

const NO_LOCKS = `Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })`
const NO_CHANNEL = `delete globalThis.BroadcastChannel`
const NO_STORAGE = `Object.defineProperty(globalThis, 'indexedDB', {
  value: { open: () => { throw new DOMException('refused', 'SecurityError') } },
})`
/** A tab that hears of others late, and reads what is stored later still. */
const SLOW = `for (const [type, event, wait] of [[BroadcastChannel, 'message', 100], [IDBTransaction, 'complete', 300]]) {
  const { addEventListener } = type.prototype
  type.prototype.addEventListener = function (name, listener) {
    const late = (given) => setTimeout(listener, wait, given)
    addEventListener.call(this, name, name === event ? late : listener)
  }
}`

inBrowser('tabs', {
  'tabs without Web Locks renew once, by the lease': async (context, service) => {
    await context.addInitScript(NO_LOCKS)
    assert.equal(await renewTogether(context, service), 1)
  },

  'a tab that died with the lease holds the others up for no longer than that': async (
    context,
    service,
  ) => {
    await context.addInitScript(NO_LOCKS)
    const page = await openTab(context)
    await signIn(page)
    // 300 ms are left of it.
    await setLease(page, `{ owner: 'dead', until: Date.now() + 300 }`)
    service.advance(minutes(2))
    assert.equal((await ask(page)).status, 200)
    // A lease from the future is none: the clock was set back.
    await setLease(page, `{ owner: 'dead', until: Date.now() + 1e9 }`)
    service.advance(minutes(2))
    assert.equal((await ask(page)).status, 200)
  },

  'without Web Locks and storage, tabs may renew at once, and stay signed in': async (
    context,
    service,
  ) => {
    await context.addInitScript(NO_LOCKS)
    await context.addInitScript(NO_STORAGE)
    assert.ok((await renewTogether(context, service)) >= 1)
  },

  'without BroadcastChannel each tab asks for itself, one after the other': async (
    context,
    service,
  ) => {
    await context.addInitScript(NO_CHANNEL)
    assert.equal(await renewTogether(context, service), 4)
  },

  'a tab that hears of the renewal while it reads what is stored does not renew again': async (
    context,
    service,
  ) => {
    const page = await openTab(context)
    await signIn(page)
    const slow = await context.newPage()
    await slow.addInitScript(SLOW)
    await slow.goto('/')
    await makeClient(slow)
    await slow.evaluate(() => client.restore())
    service.advance(minutes(2))
    const renewals = service.renewals.length
    const asked = service.waitFor('POST /auth/token')
    let release = (): void => undefined
    service.hold = new Promise((resolve) => {
      release = resolve
    })
    const answers = [ask(page)]
    await asked
    answers.push(ask(slow))
    await slow.waitForFunction(
      'navigator.locks.query().then(({ pending }) => pending.length === 1)',
    )
    release()
    for (const { status } of await Promise.all(answers)) assert.equal(status, 200)
    assert.equal(service.renewals.length - renewals, 1)
  },

  'a tab that was closed while it renewed holds nobody up': async (context, service) => {
    const page = await openTab(context)
    await signIn(page)
    const [other] = await openTabs(context, 1)
    assert.ok(other)
    service.advance(minutes(2))
    service.intruders.set('/auth/token', () => undefined)
    const asked = service.waitFor('POST /auth/token')
    void page.evaluate(() => void client.fetch('/api').catch(() => undefined))
    await asked
    service.intruders.clear()
    await page.close()
    assert.equal((await ask(other)).status, 200)
  },

  'a page that the browser kept and shows again learns what has happened meanwhile': async (
    context,
  ) => {
    const page = await openTab(context)
    await signIn(page)
    const [other] = await openTabs(context, 1)
    // A page that is loaded anew does not have it.
    await page.evaluate('globalThis.kept = true')
    await page.goto('/other')
    await other?.evaluate(() => client.signOut())
    await goBack(page)
    await reaches(page, 'signed-out')

    await signIn(page)
    await page.goto('/other')
    const { sessionId } = await stateOf(await openTabs(context, 1).then(([tab]) => tab ?? page))
    await goBack(page)
    assert.equal((await ask(page)).status, 200)
    assert.equal((await stateOf(page)).sessionId, sessionId)
  },

  'a page that was signed out when the browser put it away learns that somebody is signed in now':
    async (context, service) => {
      const page = await openTab(context)
      await page.evaluate(() => client.restore())
      await page.evaluate('globalThis.kept = true')
      await page.goto('/other')
      await makeClient(page)
      await signIn(page)
      const { sessionId } = await stateOf(page)
      await goBack(page)
      // Nobody has to ask: what the page shows would be wrong until then.
      assert.equal((await reaches(page, 'signed-in')).sessionId, sessionId)
      assert.equal((await ask(page)).status, 200)

      await page.evaluate(() => client.signOut())
      await page.goto('/other')
      const renewals = service.renewals.length
      await goBack(page)
      // And a request waits for the answer.
      assert.equal((await ask(page)).status, 401)
      assert.equal((await stateOf(page)).status, 'signed-out')
      assert.equal(service.renewals.length - renewals, 1)
    },

  'signing out empties tabs that are asking for something, for good': async (context, service) => {
    const page = await openTab(context)
    await signIn(page)
    const tabs = await openTabs(context, 3)
    for (let round = 0; round < 5; round++) {
      service.advance(minutes(2))
      const asking = tabs.map((tab) => tab.evaluate(() => client.fetch('/api').then(() => 0)))
      await page.evaluate(() => client.signOut())
      await Promise.all(asking)
      for (const tab of [page, ...tabs]) await reaches(tab, 'signed-out')
      const { status } = await page.evaluate(() =>
        fetch('/auth/token', {
          method: 'POST',
          body: new URLSearchParams({ grant_type: 'refresh_token', client_id: 'spa' }),
        }),
      )
      assert.notEqual(status, 200)
      await signIn(page)
      for (const tab of tabs) await reaches(tab, 'signed-in')
    }
  },

  'a renewal that was on its way when the user signed out brings nobody back': async (
    context,
    service,
  ) => {
    const page = await openTab(context)
    await signIn(page)
    const [other] = await openTabs(context, 1)
    assert.ok(other)
    let release = (): void => undefined
    service.hold = new Promise((resolve) => {
      release = resolve
    })
    service.advance(minutes(2))
    const reached = service.waitFor('POST /auth/token')
    const asking = other.evaluate(() => client.fetch('/api').then(({ status }) => status))
    await reached
    const leaving = page.evaluate(() => client.signOut())
    await reaches(other, 'signed-out')
    release()
    assert.equal(await asking, 401)
    await leaving
    const statuses = await other.evaluate(() => states.map(({ status }) => status))
    assert.deepEqual(statuses, ['signed-in', 'signed-out'])
  },

  'a token that another tab sends too late brings nobody back': async (context) => {
    const page = await openTab(context)
    await page.evaluate(() => {
      const channel = new BroadcastChannel(`holdfast ${location.origin}/auth/ spa 1`)
      Object.assign(globalThis, { channel, heard: [] })
      channel.addEventListener('message', ({ data }) => Object(globalThis).heard.push(data))
    })
    await signIn(page)
    await page.waitForFunction('heard.some(({ kind }) => kind === "grant")')
    await page.evaluate(() => client.signOut())
    await page.evaluate(`
      globalThis.late = { ...heard.find(({ kind }) => kind === 'grant'), fresh: false }
      for (const message of [late, { kind: 'nonsense' }, null]) channel.postMessage(message)
    `)
    // The client's answer to what comes later shows that it has heard all of them.
    await page.evaluate(`
      heard.length = 0
      channel.postMessage({ kind: 'grant', fresh: true, grant: late.grant })
    `)
    await page.waitForFunction(() => states.at(-1)?.status === 'signed-in')
    const statuses = await page.evaluate(() => states.map(({ status }) => status))
    assert.deepEqual(statuses, ['signed-in', 'signed-out', 'signed-in'])
  },

  'a sign-out that the server could not be told of is an error, and works again later': async (
    context,
    service,
  ) => {
    const page = await openTab(context)
    await signIn(page)
    const { sessionId } = await stateOf(page)
    service.intruders.set('/auth/token/revoke', (_req, res) => res.writeHead(503).end())
    const code = await page.evaluate(() => client.signOut().catch((error) => error.code))
    assert.equal(code, 'ERR_CLIENT_UNAVAILABLE')
    assert.deepEqual(await stateOf(page), {
      status: 'signed-out',
      sessionId: null,
      reason: 'sign_out',
    })
    service.intruders.clear()
    await page.evaluate(() => client.signOut())
    assert.notEqual((await service.sessions.get(sessionId ?? ''))?.revokedAt, null)
  },

  'a listener that throws keeps nobody from being told': async (context) => {
    const page = await openTab(context)
    await page.evaluate(() => {
      client.listen(() => {
        throw new Error('a mistake of the application')
      })
      client.listen((state) => states.push(state))
    })
    await signIn(page)
    await page.waitForFunction(() => states.length === 2)
  },

  'nothing is in localStorage or sessionStorage, before and after': async (context) => {
    const page = await openTab(context, { dpop: true })
    await signIn(page)
    await ask(page)
    await page.reload()
    await makeClient(page, { dpop: true })
    await page.evaluate(() => client.restore())
    assert.equal(await page.evaluate('localStorage.length + sessionStorage.length'), 0)
    await page.evaluate(() => client.signOut())
    assert.equal(await page.evaluate('localStorage.length + sessionStorage.length'), 0)
  },
})

/** A page that comes from the browser's cache is not loaded, which is what Playwright would wait for. */
async function goBack(page: Page): Promise<void> {
  await page.evaluate('void history.back()')
  await page.waitForFunction('location.pathname === "/" && globalThis.kept')
}

/** Four tabs hold a token that is over to the server, and all ask for something: how many renewals that takes. */
async function renewTogether(context: BrowserContext, service: Service): Promise<number> {
  const page = await openTab(context)
  await signIn(page)
  const tabs = [page, ...(await openTabs(context, 3))]
  const renewals = service.renewals.length
  service.advance(minutes(2))
  const answers = await Promise.all(tabs.map((tab) => ask(tab)))
  assert.deepEqual(
    answers.map(({ status }) => status),
    tabs.map(() => 200),
  )
  return service.renewals.length - renewals
}

async function setLease(page: Page, lease: string): Promise<void> {
  await page.evaluate(`indexedDB.databases().then(([{ name }]) => new Promise((resolve, reject) => {
    const opening = indexedDB.open(name)
    opening.onerror = reject
    opening.onsuccess = () => {
      const writing = opening.result.transaction('values', 'readwrite')
      writing.objectStore('values').put(${lease}, 'lease')
      writing.oncomplete = () => { opening.result.close(); resolve() }
    }
  }))`)
}
