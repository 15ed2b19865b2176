import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { launch, noBrowser, violations } from '@holdfast/example-express/testing'
import type { Browser, Page } from 'playwright-core'
import { type Site, startSite } from './lib/site.js'
import { enter, visit } from './lib/visit.js'

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

  for (const [colorScheme, width] of [
    ['light', 1100],
    ['dark', 1100],
    ['light', 360],
  ] as const) {
    test(`what the page shows keeps the rules of WCAG 2.2 AA that a machine can check: ${colorScheme}, ${width} wide`, async () => {
      await visit(
        browser,
        site,
        async (page) => {
          await page.goto('/')
          await page.getByLabel('Account').fill('demo1')
          await page.getByLabel('Password').fill('wrong')
          await page.keyboard.press('Enter')
          await page.getByRole('alert').filter({ hasText: 'password is wrong' }).waitFor()
          await check(page, 'signed out', width)
          await enter(page)
          await page.getByLabel('New note').fill(`${colorScheme} ${width}`)
          await page.keyboard.press('Enter')
          await page.getByText(`${colorScheme} ${width}`).waitFor()
          await check(page, 'signed in', width)
          await page.evaluate('document.querySelector("#idle").showModal()')
          await check(page, 'still there?', width)
          await page.keyboard.press('Escape')
          await page.getByRole('button', { name: 'End it on the server' }).click()
          await page.getByText('ended on the server').waitFor()
          await check(page, 'ended', width)
        },
        // axe is put into the page, which the page's own policy forbids.
        { colorScheme, viewport: { width, height: 800 }, bypassCSP: true },
      )
    })
  }

  test('people sign in, write and sign out with the keyboard alone', async () => {
    await visit(browser, site, async (page) => {
      await page.goto('/')
      await page.getByRole('heading', { name: 'Sign in' }).waitFor()
      await tabTo(page, 'username')
      await page.keyboard.type('demo1')
      await tabTo(page, 'password')
      await page.keyboard.type('holdfast-demo')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Hello, demo1' }).waitFor()
      await tabTo(page, 'text')
      await page.keyboard.type('by keyboard')
      await page.keyboard.press('Enter')
      await page.getByText('by keyboard').waitFor()
      await page.keyboard.press('Control+Home')
      await page.evaluate('document.activeElement.blur()')
      await tabTo(page, 'sign-out')
      await page.keyboard.press('Enter')
      await page.getByText('You are signed out').waitFor()
      // The button that had the focus is gone; what reads the page goes on from its content.
      assert.equal(await focused(page), 'main')
    })
  })
})

async function check(page: Page, what: string, width: number): Promise<void> {
  assert.deepEqual(await violations(page), [], what)
  assert.equal(await page.locator('h1:visible').count(), 1, what)
  assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth')) <= width, what)
}

async function tabTo(page: Page, id: string): Promise<void> {
  for (let presses = 0; presses < 30; presses++) {
    if ((await focused(page)) === id) return
    await page.keyboard.press('Tab')
  }
  assert.fail(`Tab does not lead to ${id}`)
}

async function focused(page: Page): Promise<unknown> {
  return page.evaluate('document.activeElement.id')
}
