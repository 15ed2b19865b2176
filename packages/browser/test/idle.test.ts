import assert from 'node:assert/strict'
import { minutes, seconds } from '@holdfast/core'
import type { BrowserContext, Page } from 'playwright-core'
import type { Service } from './lib/service.js'
import { inBrowser } from './lib/suite.js'
import { ask, openTab, openTabs, reaches, signIn } from './lib/tab.js'

inBrowser('the idle end', {
  'who does nothing is warned once the server agrees, and then signed out': async (
    context,
    service,
  ) => {
    const page = await begin(context)
    await untilWarned(page, context, service)
    const [warning] = await page.evaluate(() => warnings)
    assert.ok(warning && warning.endsIn > 0 && warning.endsIn <= minutes(1))
    assert.equal(service.renewals.at(-1)?.get('active'), 'false')
    await pass(context, service, minutes(1))
    const { reason } = await reaches(page, 'signed-out')
    assert.equal(reason, 'idle_expired')
    assert.equal((await page.evaluate(() => warnings)).at(-1), null)
  },

  'a key that is pressed in time takes the warning back, and the server hears of it': async (
    context,
    service,
  ) => {
    const page = await begin(context)
    await untilWarned(page, context, service)
    await page.keyboard.press('a')
    await page.waitForFunction(() => warnings.at(-1) === null)
    assert.equal(service.renewals.at(-1)?.get('active'), 'true')
    for (let step = 0; step < 6; step++) await pass(context, service, seconds(30))
    assert.equal((await ask(page)).status, 200)
  },

  'what is done in one tab counts in all': async (context, service) => {
    const page = await begin(context)
    const [other] = await openTabs(context, 1)
    await untilWarned(page, context, service)
    await other?.waitForFunction(() => warnings.length === 1)
    await other?.mouse.click(10, 10)
    for (const tab of [page, other]) await tab?.waitForFunction(() => warnings.at(-1) === null)
  },

  'requests and events that scripts make up are no activity': async (context, service) => {
    const page = await begin(context)
    await pass(context, service, seconds(50))
    // What the visit itself began with has been told by now.
    const told = service.renewals.length
    for (let step = 0; step < 4; step++) {
      await page.evaluate(() => {
        document.body.click()
        document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', bubbles: true }))
      })
      await ask(page)
      await pass(context, service, seconds(50))
    }
    const active = service.renewals.slice(told).map((form) => form.get('active'))
    assert.ok(active.length >= 4)
    assert.ok(active.every((text) => text === 'false'))
  },

  'an application may say that its user is there': async (context, service) => {
    const page = await begin(context)
    for (let step = 0; step < 20; step++) {
      await pass(context, service, seconds(30))
      await page.evaluate(() => client.reportActivity())
    }
    assert.equal((await ask(page)).status, 200)
    assert.deepEqual(await page.evaluate(() => warnings), [])
  },

  'activity that could not be told is told later': async (context, service) => {
    const page = await begin(context)
    await pass(context, service, seconds(50))
    service.intruders.set('/auth/token', (_req, res) => res.writeHead(503).end())
    await page.keyboard.press('a')
    await pass(context, service, seconds(50))
    service.intruders.clear()
    const told = service.renewals.length
    await pass(context, service, seconds(90))
    assert.equal(service.renewals[told]?.get('active'), 'true')
  },
})

/** A page whose time the test moves, signed in. */
async function begin(context: BrowserContext): Promise<Page> {
  await context.clock.install()
  const page = await openTab(context)
  await signIn(page)
  return page
}

async function pass(context: BrowserContext, service: Service, time: number): Promise<void> {
  service.advance(time)
  await context.clock.fastForward(time)
  for (let seen = -1; seen !== service.log.length;) {
    seen = service.log.length
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function untilWarned(page: Page, context: BrowserContext, service: Service): Promise<void> {
  for (let steps = 0; steps < 30; steps++) {
    if ((await page.evaluate(() => warnings.length)) > 0) return
    await pass(context, service, seconds(20))
  }
  assert.fail('no warning')
}
