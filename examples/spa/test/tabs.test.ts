import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { minutes, seconds } from '@holdfast/core'
import { launch, noBrowser } from '@holdfast/example-express/testing'
import type { Browser, Page } from 'playwright-core'
import { type Site, startSite } from './lib/site.js'
import { enter, greeted, openTabs, visit } from './lib/visit.js'

describe('many tabs of one browser', { skip: noBrowser }, () => {
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

  test('ten tabs that renew at once stay signed in, with one renewal', async () => {
    await visit(browser, site, async (page, context) => {
      await enter(page)
      const tabs = [page, ...(await openTabs(context, 9))]
      for (let round = 1; round <= 3; round++) {
        const renewed = site.count('POST /auth/token 200')
        const refused = site.count('GET /api/me 401')
        // Every tab still holds the same token, and to the server it is over.
        site.advance(minutes(2))
        await Promise.all(
          tabs.map((tab) => tab.getByRole('button', { name: 'Ask the API' }).click()),
        )
        await Promise.all(tabs.map((tab) => shows(tab, 'renewals', String(round))))
        assert.equal(site.count('POST /auth/token 200') - renewed, 1)
        assert.ok(site.count('GET /api/me 401') - refused >= 1)
        for (const tab of tabs) await greeted(tab)
      }
    })
  })

  test('tabs whose timers come due together renew once, before the token is over', async () => {
    await visit(browser, site, async (page, context) => {
      await context.clock.install()
      await enter(page)
      const tabs = [page, ...(await openTabs(context, 4))]
      const renewed = site.count('POST /auth/token 200')
      const refused = site.count('GET /api/me 401')
      site.advance(seconds(50))
      await context.clock.fastForward(seconds(50))
      while (site.count('POST /auth/token 200') === renewed) await page.waitForTimeout(20)
      await Promise.all(
        tabs.map(async (tab) => {
          await tab.getByRole('button', { name: 'Ask the API' }).click()
          await shows(tab, 'renewals', '1')
        }),
      )
      assert.equal(site.count('POST /auth/token 200') - renewed, 1)
      assert.equal(site.count('GET /api/me 401') - refused, 0)
    })
  })

  test('a new tab is signed in by the others, without a request of its own', async () => {
    await visit(browser, site, async (page, context) => {
      await enter(page)
      const asked = site.count('POST /auth/')
      await openTabs(context, 3)
      assert.equal(site.count('POST /auth/') - asked, 0)
    })
  })

  test('signing out in one tab empties them all, and the server has ended the session', async () => {
    await visit(browser, site, async (page, context) => {
      await enter(page)
      const tabs = [page, ...(await openTabs(context, 4))]
      const id = await page.locator('[data-text=sessionId]').innerText()
      await tabs[2]?.getByRole('button', { name: 'Sign out' }).click()
      for (const tab of tabs) {
        await tab.getByText('You are signed out, in all tabs.').waitFor()
        for (const place of await tab.locator('[data-text]').all())
          assert.equal(await place.textContent(), '')
      }
      await assert.doesNotReject(async () => {
        while ((await site.sessions.get(id))?.revokedAt === null) await page.waitForTimeout(20)
      })
      await page.reload()
      await page.getByRole('heading', { name: 'Sign in' }).waitFor()
      assert.deepEqual(await page.evaluate('indexedDB.databases().then((all) => all.length)'), 1)
    })
  })

  test('whoever signs in next is shown in every tab, with nothing of the one before', async () => {
    await visit(browser, site, async (page, context) => {
      await enter(page)
      await page.getByLabel('New note').fill('a secret of demo1')
      await page.getByRole('button', { name: 'Add' }).click()
      const [other] = await openTabs(context, 1)
      assert.ok(other)
      await other.getByText('a secret of demo1').waitFor()
      await page.getByRole('button', { name: 'Sign out' }).click()
      await page.getByLabel('Account').fill('demo2')
      await page.getByLabel('Password').fill('holdfast-demo')
      await page.getByRole('button', { name: 'Sign in' }).click()
      for (const tab of [page, other]) {
        await greeted(tab, 'demo2')
        assert.equal(await tab.getByText('a secret of demo1').count(), 0)
      }
    })
  })

  test('a reload keeps the user signed in, by the cookie', async () => {
    await visit(browser, site, async (page) => {
      await enter(page)
      const renewed = site.count('POST /auth/token 200')
      await page.reload()
      await greeted(page)
      assert.equal(site.count('POST /auth/token 200') - renewed, 1)
    })
  })
})

async function shows(page: Page, name: string, text: string): Promise<void> {
  await page.locator(`output[data-text=${name}]`, { hasText: new RegExp(`^${text}$`) }).waitFor()
}
