import { after, before, describe, test } from 'node:test'
import type { Browser, BrowserContext } from 'playwright-core'
import { launch, noBrowser } from './chromium.js'
import { type Service, startService } from './service.js'

/** One test in a browser: a visitor with storage of its own, and the service. */
export type BrowserTest = (context: BrowserContext, service: Service) => Promise<void>

/** A suite of tests in a real browser, on one service. */
export function inBrowser(name: string, tests: Readonly<Record<string, BrowserTest>>): void {
  describe(name, { skip: noBrowser }, () => {
    let service: Service
    let browser: Browser
    let close: () => Promise<void>

    before(async () => {
      service = await startService()
      ;({ browser, close } = await launch())
    })
    after(async () => {
      await close?.()
      await service?.stop()
    })

    for (const [title, run] of Object.entries(tests)) {
      test(title, async () => {
        const context = await browser.newContext({ baseURL: service.origin })
        context.setDefaultTimeout(20_000)
        try {
          await run(context, service)
        } finally {
          service.intruders.clear()
          await context.close()
        }
      })
    }
  })
}
