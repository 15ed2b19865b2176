import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { minutes } from '@holdfast/core'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { complaints, launch, noBrowser, signIn } from './lib/browser.js'
import { type Site, startSite } from './lib/site.js'

describe('in a real browser', { skip: noBrowser }, () => {
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

  /** A visitor with a cookie jar of its own; its pages must not complain. */
  async function visit(
    run: (page: Page, context: BrowserContext) => Promise<void>,
    options: BrowserContextOptions = {},
    expected: RegExp = /^$/,
  ): Promise<void> {
    const context = await browser.newContext({
      ignoreHTTPSErrors: true,
      baseURL: site.origin,
      ...options,
    })
    context.setDefaultTimeout(10_000)
    const found = complaints(context)
    try {
      await run(await context.newPage(), context)
    } finally {
      await context.close()
    }
    assert.deepEqual(
      found.filter((text) => !expected.test(text)),
      [],
    )
  }

  test('two browsers are signed in; one ends the other, which is out on its next click', async () => {
    const second = await launch()
    const other = await second.browser.newPage({ ignoreHTTPSErrors: true, baseURL: site.origin })
    await other.goto('/')
    await signIn(other)
    await other.getByRole('heading', { name: 'Hello, demo1' }).waitFor()
    const id = await other.locator('dd code').innerText()
    await visit(async (page) => {
      await page.goto('/')
      await signIn(page)
      await page.getByRole('link', { name: 'Your devices' }).first().click()
      const devices = page.locator('.devices li')
      assert.equal(await devices.count(), 2)
      assert.match(await devices.first().innerText(), /This device/)
      await devices.filter({ hasText: id }).getByRole('button', { name: 'End' }).click()
      await page.getByText('was signed out.').waitFor()
      assert.equal(await devices.count(), 1)
    })
    await other.getByRole('link', { name: 'Cart' }).first().click()
    assert.equal(await other.getByText('Signed in as').count(), 0)
    await other.getByRole('link', { name: 'Your devices' }).click()
    await other.getByRole('heading', { name: 'Sign in' }).waitFor()
    await signIn(other)
    await other.getByRole('heading', { name: 'Your devices' }).waitFor()
    await other.getByRole('button', { name: 'Sign out everywhere' }).click()
    await other.getByText('You have no cookie and no session yet').waitFor()
    assert.deepEqual(await other.context().cookies(), [])
    await second.close()
  })

  test('ten tabs change the cart at once, and nothing is lost', async () => {
    await visit(async (page, context) => {
      await page.goto('/cart')
      await page.getByRole('button', { name: 'Add one of bread' }).click()
      await page.getByText('1 change so far').waitFor()
      const tabs = await Promise.all(Array.from({ length: 10 }, () => context.newPage()))
      await Promise.all(tabs.map((tab) => tab.goto('/cart')))
      for (let round = 0; round < 2; round++) {
        await Promise.all(
          tabs.map(async (tab) => {
            const loaded = tab.waitForEvent('load')
            await tab.getByRole('button', { name: 'Add one of apples' }).click()
            await loaded
          }),
        )
      }
      await page.reload()
      assert.equal(await page.locator('output[data-product=apples]').innerText(), '20')
      assert.match(await page.locator('.total').innerText(), /^21 changes so far/)
      await page.goto('/login')
      await signIn(page)
      await page.goto('/cart')
      assert.match(await page.locator('.total').innerText(), /^21 changes so far/)
    })
  })

  test('the button for twenty requests at once counts twenty', async () => {
    await visit(async (page) => {
      await page.goto('/cart')
      await page.getByRole('button', { name: '20 requests at once' }).click()
      await page.getByText('Sent 20, counted 20.').waitFor()
      await page.reload()
      assert.equal(await page.locator('output[data-product=lemons]').innerText(), '20')
    })
  })

  test('a form of a page from before the session says what to do', async () => {
    const expected = /status of 403/
    await visit(
      async (page, context) => {
        const [old, other] = [page, await context.newPage()]
        await old.goto('/cart')
        await other.goto('/cart')
        await other.getByRole('button', { name: 'Add one of bread' }).click()
        await other.getByText('1 change so far').waitFor()
        await old.getByRole('button', { name: 'Add one of bread' }).click()
        await old.getByRole('heading', { name: 'Forbidden' }).waitFor()
        await old.getByRole('link', { name: 'Load the page again' }).click()
        await old.getByRole('button', { name: 'Add one of bread' }).click()
        await old.getByText('2 changes so far').waitFor()
      },
      {},
      expected,
    )
  })

  test('people sign in and out with the keyboard alone', async () => {
    await visit(async (page) => {
      await page.goto('/')
      await page.keyboard.press('Tab')
      assert.equal(await focused(page), 'Skip to content')
      await page.keyboard.press('Enter')
      await tabTo(page, 'username')
      await page.keyboard.type('demo1')
      await page.keyboard.press('Tab')
      await page.keyboard.type('holdfast-demo')
      await page.keyboard.press('Tab')
      await page.keyboard.press('Space')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Hello, demo1' }).waitFor()
      await tabTo(page, 'Sign out')
      const outline = await page.evaluate(
        'getComputedStyle(document.activeElement).outlineStyle + getComputedStyle(document.activeElement).outlineWidth',
      )
      assert.equal(outline, 'solid3px')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    })
  })

  test('a wrong password is told where it matters, and the account is kept', async () => {
    await visit(
      async (page) => {
        await page.goto('/login')
        await page.getByLabel('Account').fill('demo2')
        await page.getByLabel('Password').fill('wrong')
        await page.keyboard.press('Enter')
        await page.getByRole('alert').waitFor()
        assert.equal(await page.getByLabel('Account').inputValue(), 'demo2')
        assert.equal(await page.getByLabel('Password').inputValue(), '')
        assert.equal(
          await page.getByLabel('Password').getAttribute('aria-describedby'),
          await page.getByRole('alert').getAttribute('id'),
        )
        assert.match(await page.title(), /^Error: /)
        assert.deepEqual(await page.context().cookies(), [])
      },
      {},
      /status of 401/,
    )
  })

  test('the vault asks for the password again, and only then', async () => {
    await visit(async (page) => {
      await page.goto('/vault')
      await signIn(page)
      await page.getByRole('heading', { name: 'Vault' }).waitFor()
      site.advance(minutes(4))
      await page.reload()
      await page.getByRole('heading', { name: 'Your password again' }).waitFor()
      await page.getByLabel('Password').fill('holdfast-demo')
      await page.getByRole('button', { name: 'Go on' }).click()
      await page.getByRole('heading', { name: 'Vault' }).waitFor()
      assert.equal(new URL(page.url()).pathname, '/vault')
    })
  })

  test('a notice is shown once', async () => {
    await visit(async (page) => {
      await page.goto('/login?returnTo=/sessions')
      const others = site.client()
      await others.signIn()
      await signIn(page)
      await page.getByRole('button', { name: 'End all others' }).click()
      await page.getByRole('status').getByText('signed out.').waitFor()
      await page.reload()
      assert.equal(await page.locator('.notice').count(), 0)
    })
  })

  test('the browser keeps the cookie as it should: host only, secure, out of reach of scripts', async () => {
    await visit(async (page, context) => {
      await page.goto('/')
      await page.goto('/login')
      assert.deepEqual(await context.cookies(), [])
      await signIn(page)
      const facts = async (): Promise<object> => {
        const [{ value, expires, ...rest } = { value: '', expires: 0 }] = await context.cookies()
        return { ...rest, long: value.length > 60, lasts: expires > Date.now() / 1000 + 80_000 }
      }
      const expected = {
        name: '__Host-session',
        domain: 'localhost',
        path: '/',
        httpOnly: true,
        secure: true,
        sameSite: 'Lax',
        long: true,
      }
      assert.deepEqual(await facts(), { ...expected, lasts: false })
      assert.equal(await page.evaluate('document.cookie'), '')
      await page.getByRole('button', { name: 'Sign out' }).first().click()
      await page.goto('/login')
      assert.deepEqual(await context.cookies(), [])
      await page.getByLabel('Stay signed in').check()
      await signIn(page)
      assert.deepEqual(await facts(), { ...expected, lasts: true })
    })
  })

  test('everything works without JavaScript', async () => {
    await visit(
      async (page) => {
        await page.goto('/cart')
        await page.getByRole('button', { name: 'Add one of coffee' }).click()
        await page.getByText('1 change so far').waitFor()
        assert.equal(await page.getByRole('button', { name: 'at once' }).count(), 0)
        await page.goto('/login?returnTo=/sessions')
        await signIn(page)
        await page.getByRole('listitem').filter({ hasText: 'This device' }).waitFor()
        await page.getByRole('button', { name: 'Sign out everywhere' }).click()
        await page.getByRole('heading', { name: 'Sign in' }).waitFor()
      },
      { javaScriptEnabled: false },
    )
  })
})

/** Presses Tab until the element of this id or text has the focus. */
async function tabTo(page: Page, wanted: string): Promise<void> {
  for (let presses = 0; presses < 30; presses++) {
    await page.keyboard.press('Tab')
    if ((await focused(page)) === wanted) return
  }
  assert.fail(`Tab does not lead to ${wanted}`)
}

async function focused(page: Page): Promise<unknown> {
  return page.evaluate('document.activeElement.id || document.activeElement.textContent.trim()')
}
