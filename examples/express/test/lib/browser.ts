import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { privateFolder } from './site.js'

/** Why these tests cannot run; false if they can. */
export const noBrowser: string | false =
  process.env['HOLDFAST_CHROMIUM'] === undefined
    ? (process.env['HOLDFAST_CHROMIUM_MISSING'] ?? 'HOLDFAST_CHROMIUM is not set')
    : false

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A real Chromium, its profile in a folder that the canary scan leaves to browsers. */
export async function launch(): Promise<{
  readonly browser: Browser
  readonly close: () => Promise<void>
}> {
  const folder = privateFolder('client-')
  // Playwright makes its folders in os.tmpdir().
  process.env['TMPDIR'] = folder.path
  const executablePath = process.env['HOLDFAST_CHROMIUM'] ?? ''
  const browser = await chromium.launch({ executablePath, args: ARGS })
  return {
    browser,
    close: async () => {
      await browser.close()
      folder.remove()
    },
  }
}

/** What pages complained of: console errors, exceptions, violations of the content policy. */
export function complaints(context: BrowserContext): readonly string[] {
  const found: string[] = []
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) found.push(message.text())
  })
  context.on('weberror', (error) => found.push(error.error().message))
  return found
}

/** Fills in the sign-in form of the present page and sends it. */
export async function signIn(page: Page, username = 'demo1'): Promise<void> {
  await page.getByLabel('Account').fill(username)
  await page.getByLabel('Password').fill('holdfast-demo')
  await page.getByRole('button', { name: 'Sign in' }).click()
}
