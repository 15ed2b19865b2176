import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { minutes, seconds } from '@holdfast/core'
import { type Answer, launch, noBrowser } from '@holdfast/example-express/testing'
import type { Browser, BrowserContext } from 'playwright-core'
import { type Site, startSite } from './lib/site.js'
import { enter, visit } from './lib/visit.js'

describe('how a session ends', { skip: noBrowser }, () => {
  let site: Site
  let browser: Browser
  let close: () => Promise<void>

  before(async () => {
    // Without keys: a thief who has the cookie has all that there is.
    site = await startSite({ dpop: false })
    ;({ browser, close } = await launch())
  })
  after(async () => {
    await close?.()
    await site?.stop()
  })

  test('a stolen refresh token that comes back after the grace signs the thief and the owner out, and the page says why', async () => {
    await visit(browser, site, async (page, context) => {
      await enter(page)
      const stolen = await refreshCookie(context)
      site.advance(minutes(2))
      await page.getByRole('button', { name: 'Ask the API' }).click()
      await page.locator('output', { hasText: /^1$/ }).waitFor()
      assert.notEqual(await refreshCookie(context), stolen)
      // The owner has used the successor; its grace of ten seconds passes.
      site.advance(minutes(2))
      await page.getByRole('button', { name: 'Ask the API' }).click()
      await page.locator('output', { hasText: /^2$/ }).waitFor()
      site.advance(seconds(11))

      const thief = await replay(site, stolen)
      assert.equal(thief.status, 400)
      assert.deepEqual(thief.json, { error: 'invalid_grant', reason: 'token_reuse' })

      await page.getByRole('button', { name: 'Ask the API' }).click()
      await page.getByText('Somebody used a copy of your sign-in.').waitFor()
      await page.getByRole('heading', { name: 'Sign in' }).waitFor()
      // Neither has anything left.
      assert.equal((await replay(site, stolen)).status, 400)
      const kept = await refreshCookie(context)
      if (kept !== '') assert.equal((await replay(site, kept)).status, 400)
      await page.reload()
      await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    })
  })

  test('the thief who is first is found out by the owner', async () => {
    await visit(browser, site, async (page, context) => {
      await enter(page)
      const stolen = await refreshCookie(context)
      const first = await replay(site, stolen)
      assert.equal(first.status, 200)
      const { access_token: token } = first.json as { access_token: string }
      assert.equal((await asThief(site, token)).status, 200)
      const second = await replay(site, cookieOf(first))
      assert.equal(second.status, 200)
      site.advance(minutes(2))
      await page.getByRole('button', { name: 'Ask the API' }).click()
      await page.getByText('Somebody used a copy of your sign-in.').waitFor()
      const { access_token: last } = second.json as { access_token: string }
      assert.equal((await asThief(site, last)).status, 401)
    })
  })

  test('ended on the server, the next request says so', async () => {
    await visit(browser, site, async (page) => {
      await enter(page)
      await page.getByRole('button', { name: 'End it on the server' }).click()
      await page.getByText('This session was ended on the server.').waitFor()
      await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    })
  })

  test('who does nothing is asked, stays by a click, and is signed out in the end', async () => {
    await visit(browser, site, async (page, context) => {
      await context.clock.install()
      await enter(page)
      const dialog = page.getByRole('dialog', { name: 'Are you still there?' })
      const pass = async (milliseconds: number): Promise<void> => {
        site.advance(milliseconds)
        await context.clock.fastForward(milliseconds)
        await settled(site)
      }
      const asked = async (): Promise<void> => {
        for (let steps = 0; !(await dialog.isVisible()); steps++) {
          assert.ok(steps < 30, 'nobody asks')
          await pass(seconds(20))
        }
      }
      await asked()
      const id = await page.locator('[data-text=sessionId]').innerText()
      const asleep = await site.sessions.get(id)
      await page.getByRole('button', { name: 'Stay signed in' }).click()
      await dialog.waitFor({ state: 'hidden' })
      await settled(site)
      const awake = await site.sessions.get(id)
      assert.ok(asleep && awake && awake.expiresAt > asleep.expiresAt + minutes(3))
      // Renewals go on meanwhile, and do not count as use.
      const renewed = site.count('POST /auth/token 200')
      await asked()
      assert.ok(site.count('POST /auth/token 200') - renewed >= 4)
      await pass(seconds(70))
      await page.getByText('You were away for too long').waitFor()
      await dialog.waitFor({ state: 'hidden' })
    })
  })
})

/** Waits until no request has come for a while: renewals that a jump in time brought about are done. */
async function settled({ log }: Site): Promise<void> {
  for (let seen = -1; seen !== log.length;) {
    seen = log.length
    await new Promise((resolve) => setTimeout(resolve, 150))
  }
}

async function refreshCookie(context: BrowserContext): Promise<string> {
  const cookies = await context.cookies()
  return cookies.find(({ name }) => name === '__Host-refresh')?.value ?? ''
}

/** Renews as somebody who has nothing but the cookie's value. */
async function replay(site: Site, token: string): Promise<Answer> {
  const client = site.client()
  return client.send('POST', '/auth/token', {
    body: 'grant_type=refresh_token&client_id=spa',
    headers: {
      cookie: `__Host-refresh=${token}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
  })
}

async function asThief(site: Site, token: string): Promise<Answer> {
  return site.client().get('/api/me', { headers: { authorization: `Bearer ${token}` } })
}

function cookieOf(answer: Answer): string {
  const line = answer.setCookies.find((each) => each.startsWith('__Host-refresh='))
  return /=([^;]*)/.exec(line ?? '')?.[1] ?? ''
}
