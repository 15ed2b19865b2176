import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

/** Why these tests cannot run; false if they can. */
export const noBrowser: string | false =
  process.env['HOLDFAST_CHROMIUM'] === undefined
    ? (process.env['HOLDFAST_CHROMIUM_MISSING'] ?? 'HOLDFAST_CHROMIUM is not set')
    : false

const ARGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking']

/** A real Chromium, its profile in a folder that the canary scan leaves to browsers. It keeps pages that were left, as people's do. */
export async function launch(): Promise<{
  readonly browser: Browser
  readonly close: () => Promise<void>
}> {
  const folder = mkdtempSync(join(process.env['HOLDFAST_TEST_TMP'] ?? tmpdir(), 'client-'))
  // Playwright makes its folders in os.tmpdir().
  process.env['TMPDIR'] = folder
  const browser = await chromium.launch({
    executablePath: process.env['HOLDFAST_CHROMIUM'] ?? '',
    args: ARGS,
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  })
  return {
    browser,
    close: async () => {
      await browser.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
