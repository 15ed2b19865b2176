import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { launch, noBrowser } from '@holdfast/example-express/testing'
import type { Browser } from 'playwright-core'
import { type Site, startSite } from './lib/site.js'
import { enter, visit } from './lib/visit.js'

/** All that scripts of the page can read of what the browser keeps, as one text. */
const READ_ALL = `(async () => {
  const decode = (bytes) => new TextDecoder('latin1').decode(bytes)
  const texts = (value) => {
    if (typeof value !== 'object' || value === null) return String(value)
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return decode(value)
    if (value instanceof CryptoKey) return 'CryptoKey ' + value.extractable + value.type
    return Object.entries(value).map(([name, part]) => name + ': ' + texts(part)).join()
  }
  const seen = [JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage }), document.cookie]
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((resolve, reject) => {
      const opening = indexedDB.open(name)
      opening.onsuccess = () => resolve(opening.result)
      opening.onerror = reject
    })
    for (const store of database.objectStoreNames) {
      const all = database.transaction(store).objectStore(store).getAll()
      await new Promise((resolve) => { all.onsuccess = resolve })
      for (const value of all.result) seen.push(texts(value))
    }
    database.close()
  }
  for (const name of await caches.keys()) seen.push(name)
  return { storage: localStorage.length + sessionStorage.length, text: seen.join('\\n') }
})()`

describe('what a script of the page can find', { skip: noBrowser }, () => {
  let site: Site
  let browser: Browser
  let close: () => Promise<void>

  before(async () => {
    site = await startSite()
    ;({ browser, close } = await launch())
  })
  after(async () => {
    await close?.()
    await site?.stop()
  })

  test('no token is in localStorage, sessionStorage, a readable cookie or IndexedDB', async () => {
    await visit(browser, site, async (page, context) => {
      const given: string[] = []
      page.on('response', (response) => {
        if (/\/auth\/(issue|token)$/.test(response.url()) && response.ok())
          void response.json().then((body) => given.push(body.access_token))
      })
      await enter(page)
      await page.reload()
      await page.getByRole('heading', { name: 'Hello, demo1' }).waitFor()
      const cookies = await context.cookies()
      const secrets = [...given, ...cookies.map(({ value }) => value)]
      assert.equal(given.length, 2)
      assert.deepEqual(cookies.map(({ name, httpOnly }) => `${name} ${httpOnly}`).toSorted(), [
        '__Host-refresh true',
        '__Host-session true',
      ])
      const { storage, text } = (await page.evaluate(READ_ALL)) as {
        storage: number
        text: string
      }
      assert.equal(storage, 0)
      assert.ok(text.includes('CryptoKey falseprivate'), 'the scan sees what is there')
      for (const secret of secrets) {
        for (const part of [secret, ...secret.split(/[.-]/)].filter(({ length }) => length > 20))
          assert.ok(!text.includes(part))
      }
    })
  })

  test('the refresh cookie is this host’s alone and out of reach of scripts', async () => {
    await visit(browser, site, async (page, context) => {
      await enter(page)
      const cookies = await context.cookies()
      const refresh = cookies.find(({ name }) => name === '__Host-refresh')
      assert.deepEqual(
        { ...refresh, value: '', expires: 0 },
        {
          name: '__Host-refresh',
          value: '',
          domain: 'localhost',
          path: '/',
          expires: 0,
          httpOnly: true,
          secure: true,
          sameSite: 'Strict',
        },
      )
    })
  })

  test('a token is of no use without the key that the browser keeps', async () => {
    await visit(browser, site, async (page) => {
      const answer = page.waitForResponse((each) => each.url().endsWith('/auth/issue') && each.ok())
      await enter(page)
      const { access_token: token } = await (await answer).json()
      for (const scheme of ['Bearer', 'DPoP']) {
        const { status } = await site
          .client()
          .get('/api/me', { headers: { authorization: `${scheme} ${token}` } })
        assert.equal(status, 401, scheme)
      }
    })
  })

  test('the page allows no script and no style but its own files', async () => {
    const answer = await site.client().get('/', { headers: { accept: 'text/html' } })
    const policy = answer.header('content-security-policy') ?? ''
    assert.match(policy, /default-src 'none'/)
    assert.match(policy, /script-src 'self';/)
    assert.doesNotMatch(policy, /unsafe/)
    assert.doesNotMatch(answer.text, /<style|style=|<script(?![^>]* src=)|\son\w+=|javascript:/)
  })
})
