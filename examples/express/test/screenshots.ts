// Makes docs/images/site-devices.png and its dark twin: `npm run screenshots -w @holdfast/example-express`.
// With a folder as argument: pictures of every page there, light, dark and as wide as a phone.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { minutes } from '@holdfast/core'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { launch, noBrowser, signIn } from './lib/browser.js'
import { type Site, startSite } from './lib/site.js'

const IMAGES = fileURLToPath(new URL('../../../../docs/images', import.meta.url))
const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36'
const OTHERS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1',
]

if (noBrowser !== false) {
  console.error(`No pictures: ${noBrowser}`)
  process.exit(1)
}
const site = await startSite()
const { browser, close } = await launch()
try {
  const [folder] = process.argv.slice(2)
  await (folder === undefined ? takeDevices(browser, site) : takeAll(browser, site, folder))
} finally {
  await close()
  await site.stop()
}

async function takeDevices(chromium: Browser, { origin }: Site): Promise<void> {
  await signInOthers()
  mkdirSync(IMAGES, { recursive: true })
  const viewport = { width: 960, height: 640 }
  const page = await open(chromium, { viewport, deviceScaleFactor: 2 })
  await page.goto(origin)
  await signIn(page)
  await page.goto(`${origin}/sessions`)
  for (const [colorScheme, name] of [
    ['light', 'site-devices.png'],
    ['dark', 'site-devices-dark.png'],
  ] as const) {
    await page.emulateMedia({ colorScheme })
    await page.screenshot({ path: join(IMAGES, name), fullPage: true })
  }
}

async function takeAll(chromium: Browser, { origin }: Site, folder: string): Promise<void> {
  await signInOthers()
  for (const [kind, options] of [
    ['light', { colorScheme: 'light', viewport: { width: 1100, height: 700 } }],
    ['dark', { colorScheme: 'dark', viewport: { width: 1100, height: 700 } }],
    ['phone', { colorScheme: 'light', viewport: { width: 360, height: 640 } }],
  ] as const) {
    const page = await open(chromium, options)
    const take = async (path: string, name: string): Promise<void> => {
      await page.goto(origin + path)
      await page.screenshot({ path: join(folder, `${name}-${kind}.png`), fullPage: true })
    }
    await take('/', 'home-out')
    await take('/nowhere', 'missing')
    await take('/login', 'login')
    await signIn(page, 'nobody')
    await page.screenshot({ path: join(folder, `login-wrong-${kind}.png`) })
    await signIn(page)
    await take('/', 'home')
    await take('/cart', 'cart')
    await page.getByRole('button', { name: 'at once' }).click()
    await page.getByText('counted').waitFor()
    await page.screenshot({ path: join(folder, `cart-after-${kind}.png`) })
    await take('/sessions', 'devices')
    await take('/vault', 'vault')
    await take('/reauthenticate?returnTo=/vault', 'again')
    await page.context().close()
  }
}

async function signInOthers(): Promise<void> {
  site.advance(-minutes(17 * OTHERS.length))
  for (const userAgent of OTHERS) {
    const client = site.client()
    await client.send('POST', '/login', {
      json: { username: 'demo1', password: 'holdfast-demo' },
      headers: { 'user-agent': userAgent },
    })
    site.advance(minutes(17))
  }
}

async function open(
  chromium: Browser,
  options: BrowserContextOptions,
): Promise<Awaited<ReturnType<Browser['newPage']>>> {
  return chromium.newPage({ ignoreHTTPSErrors: true, userAgent: CHROME, ...options })
}
