import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { violations } from './lib/accessibility.js'
import { complaints, launch, noBrowser, signIn } from './lib/browser.js'
import { type Site, startSite } from './lib/site.js'

/** Each page as a visitor without an account sees it, then as one who is signed in. */
const OPEN = ['/', '/login', '/cart', '/nowhere']
const PRIVATE = ['/', '/cart', '/sessions', '/vault', '/reauthenticate']

const MENU = new Set(['/', '/cart', '/sessions', '/vault'])

describe('for everybody', { skip: noBrowser }, () => {
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

  /** Calls `check` with every page, in a window of this kind. */
  async function each(
    options: { readonly colorScheme: 'light' | 'dark'; readonly width: number },
    check: (page: Page, path: string) => Promise<void>,
  ): Promise<void> {
    const { colorScheme, width } = options
    const context = await browser.newContext({
      ignoreHTTPSErrors: true,
      baseURL: site.origin,
      colorScheme,
      viewport: { width, height: 800 },
      // axe is put into the page, which the page's own policy forbids.
      bypassCSP: true,
    })
    const found = complaints(context)
    const page = await context.newPage()
    const go = async (path: string): Promise<void> => {
      await page.goto(path)
      await check(page, path)
    }
    for (const path of OPEN) await go(path)
    await page.goto('/login')
    await page.getByLabel('Password').fill('wrong')
    await page.getByLabel('Account').fill('demo1')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').waitFor()
    await check(page, '/login refused')
    await signIn(page)
    for (const path of PRIVATE) await go(path)
    await page.goto('/sessions')
    await site.client().signIn()
    await page.reload()
    await page.getByRole('button', { name: 'End all others' }).click()
    await page.locator('.notice').waitFor()
    await check(page, '/sessions with a notice')
    await context.close()
    const own = found.filter((text) => !/status of 40[14]/.test(text))
    assert.deepEqual(own, [])
  }

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`no page breaks a rule of WCAG 2.2 AA that a machine can check, and each says where one is, in ${colorScheme}`, async () => {
      const titles = new Set<string>()
      await each({ colorScheme, width: 1100 }, async (page, path) => {
        assert.deepEqual(await violations(page), [], path)
        assert.equal(await page.locator('h1').count(), 1, path)
        const current = await page.locator('nav [aria-current=page]').count()
        assert.equal(current, MENU.has(path.split(' ')[0] ?? '') ? 1 : 0, path)
        titles.add(await page.title())
      })
      // Only the cart is there twice; a refused sign-in has a title of its own.
      assert.equal(titles.size, OPEN.length + PRIVATE.length - 1 + 1)
    })
  }

  test('on a phone no page is wider than the screen, and all of it keeps the rules', async () => {
    await each({ colorScheme: 'light', width: 360 }, async (page, path) => {
      const wide = await page.evaluate('document.documentElement.scrollWidth')
      assert.ok(Number(wide) <= 360, `${path} is ${String(wide)} wide`)
      assert.deepEqual(await violations(page), [], path)
    })
  })

  test('the check finds faults where there are some', async () => {
    const page = await browser.newPage()
    await page.setContent('<p style="color: #aaa; background: #fff">pale</p><img src="data:,">')
    const found = new Set((await violations(page)).map((text) => text.split(':')[0]))
    await page.close()
    assert.ok(found.has('color-contrast') && found.has('image-alt'))
  })
})
