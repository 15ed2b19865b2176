import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { minutes } from '@holdfast/core'
import { launch, noBrowser } from '@holdfast/example-express/testing'
import type { Browser } from 'playwright-core'
import { type Site, startSite } from './lib/site.js'
import { enter, greeted, visit } from './lib/visit.js'

const UNREACHABLE = 'We cannot reach the server. You are still signed in'

describe('when the server cannot be reached', { skip: noBrowser }, () => {
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

  test('offline for longer than the access token lives, and back: still signed in', async () => {
    const expected = /ERR_INTERNET_DISCONNECTED/
    await visit(
      browser,
      site,
      async (page, context) => {
        await context.clock.install()
        await enter(page)
        await context.setOffline(true)
        site.advance(minutes(3))
        await context.clock.fastForward(minutes(3))
        await page.getByRole('button', { name: 'Ask the API' }).click()
        await page.getByText(UNREACHABLE).waitFor()
        await greeted(page)
        await context.setOffline(false)
        await page.getByText(UNREACHABLE).waitFor({ state: 'detached' })
        await page.locator('output', { hasText: /^1$/ }).waitFor()
        await greeted(page)
      },
      { expected },
    )
  })

  test('a store that is away for a while signs nobody out: 503, then on as before', async () => {
    const expected = /status of 503/
    await visit(
      browser,
      site,
      async (page) => {
        await enter(page)
        site.store.broken = true
        site.advance(minutes(2))
        await page.getByRole('button', { name: 'Ask the API' }).click()
        await page.getByText(UNREACHABLE).waitFor()
        await greeted(page)
        assert.ok(site.count('POST /auth/token 503') + site.count('GET /api/me 503') > 0)
        site.store.broken = false
        await page.getByText(UNREACHABLE).waitFor({ state: 'detached' })
        await page.locator('output', { hasText: /^1$/ }).waitFor()
      },
      { expected },
    )
  })

  test('a page that is loaded in such a moment says so, and goes on by itself', async () => {
    const expected = /status of 503/
    await visit(
      browser,
      site,
      async (page) => {
        await enter(page)
        site.store.broken = true
        await page.reload()
        await page.getByText('We cannot reach the server. We go on trying.').waitFor()
        assert.equal(await page.getByRole('heading', { name: 'Sign in' }).isVisible(), false)
        site.store.broken = false
        await greeted(page)
      },
      { expected },
    )
  })
})
