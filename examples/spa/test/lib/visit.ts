import assert from 'node:assert/strict'
import { complaints, signIn } from '@holdfast/example-express/testing'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import type { Site } from './site.js'

/** Refusals that a page meets by design; the browser complains of each. */
const USUAL = /status of 40[01]/

/** A visitor with a cookie jar of its own, whose pages must not complain of anything but what is expected. */
export async function visit(
  browser: Browser,
  site: Site,
  run: (page: Page, context: BrowserContext) => Promise<void>,
  { expected = USUAL, ...options }: BrowserContextOptions & { readonly expected?: RegExp } = {},
): Promise<void> {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    baseURL: site.origin,
    ...options,
  })
  context.setDefaultTimeout(20_000)
  const found = complaints(context)
  try {
    await run(await context.newPage(), context)
  } finally {
    await context.close()
  }
  assert.deepEqual(
    found.filter((text) => !expected.test(text) && !USUAL.test(text)),
    [],
  )
}

/** Opens the page and signs in. */
export async function enter(page: Page, username = 'demo1'): Promise<void> {
  await page.goto('/')
  await signIn(page, username)
  await greeted(page, username)
}

/** Waits until the page shows what the API says of this account. */
export async function greeted(page: Page, username = 'demo1'): Promise<void> {
  await page.getByRole('heading', { name: `Hello, ${username}` }).waitFor()
}

/** More tabs, signed in by the first. */
export async function openTabs(context: BrowserContext, count: number): Promise<readonly Page[]> {
  const tabs = await Promise.all(Array.from({ length: count }, () => context.newPage()))
  await Promise.all(tabs.map((tab) => tab.goto('/')))
  await Promise.all(tabs.map((tab) => greeted(tab)))
  return tabs
}
