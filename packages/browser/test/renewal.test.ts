import assert from 'node:assert/strict'
import { minutes, seconds } from '@holdfast/core'
import type { BrowserContext } from 'playwright-core'
import { inBrowser } from './lib/suite.js'
import { ask, askInVain, makeClient, openTab, openTabs, signIn, stateOf } from './lib/tab.js'
import type { Service } from './lib/service.js'

const HOUR = minutes(60)

inBrowser('renewal', {
  'a token is renewed before it is over, although nobody asks for anything': async (
    context,
    service,
  ) => {
    await context.clock.install()
    const page = await openTab(context)
    await signIn(page)
    const renewals = service.renewals.length
    await pass(context, service, seconds(30))
    await settled(service)
    assert.equal(service.renewals.length - renewals, 0)
    await pass(context, service, seconds(20))
    await settled(service)
    assert.equal(service.renewals.length - renewals, 1)
    assert.equal((await ask(page)).status, 200)
  },

  'after a sleep that timers and the steady clock did not see, the first request renews first':
    async (context, service) => {
      await context.clock.install()
      const page = await openTab(context)
      await signIn(page)
      const refused = service.count('GET /api 401')
      // Only the wall clock knows.
      service.advance(minutes(3))
      await context.clock.setSystemTime(Date.now() + minutes(3))
      assert.equal((await ask(page)).status, 200)
      assert.equal(service.count('GET /api 401') - refused, 0)
    },

  'a local clock that is years off does no harm': async (context, service) => {
    for (const time of ['2001-01-01', '2049-12-31']) {
      await context.clock.install({ time })
      const page = await openTab(context)
      await signIn(page)
      const renewals = service.renewals.length
      assert.equal((await ask(page)).status, 200)
      await settled(service)
      assert.equal(service.renewals.length - renewals, 0, time)
      await page.close()
    }
  },

  'a clock that is set back does not make a token live on': async (context, service) => {
    await context.clock.install()
    const page = await openTab(context)
    await signIn(page)
    const renewals = service.renewals.length
    await context.clock.setSystemTime(Date.now() - 24 * HOUR)
    await pass(context, service, seconds(50))
    await settled(service)
    assert.equal(service.renewals.length - renewals, 1)
    assert.equal((await ask(page)).status, 200)
  },

  'whatever is not the server’s own word signs nobody out': async (context, service) => {
    const page = await openTab(context)
    await signIn(page)
    const answers: Readonly<Record<string, [number, Record<string, string>, string]>> = {
      portal: [200, { 'Content-Type': 'text/html' }, '<h1>Welcome to our hotel</h1>'],
      'portal that redirects': [302, { Location: '/other' }, ''],
      'broken proxy': [502, {}, 'Bad gateway'],
      'wrong path': [404, {}, '{"error":"not_found"}'],
      firewall: [403, {}, '{"error":"invalid_request"}'],
      'client that was taken away': [401, {}, '{"error":"invalid_client"}'],
      'refusal of another kind': [400, {}, '{"error":"invalid_scope"}'],
      'too many': [429, {}, '{"error":"slow_down"}'],
      'tokens of another shape': [200, {}, '{"access_token":"a\\nb","token_type":"Bearer"}'],
      'no life': [200, {}, '{"access_token":"abc","token_type":"Bearer"}'],
      'another scheme': [200, {}, '{"access_token":"abc","token_type":"mac","expires_in":60}'],
      'JSON that is none': [200, {}, '{"access_token":'],
      null: [200, {}, 'null'],
    }
    for (const [name, [status, headers, body]] of Object.entries(answers)) {
      service.intruders.set('/auth/token', (_req, res) => res.writeHead(status, headers).end(body))
      service.advance(minutes(2))
      assert.equal(await askInVain(page), 'ERR_CLIENT_UNAVAILABLE', name)
      assert.equal((await stateOf(page)).status, 'signed-in', name)
      service.intruders.delete('/auth/token')
      assert.equal((await ask(page)).status, 200, name)
      await page.evaluate(() => client.reportActivity())
      await settled(service)
    }
  },

  'an endpoint that never answers, or cuts the line, is not reachable': async (
    context,
    service,
  ) => {
    await context.clock.install()
    const page = await openTab(context)
    await signIn(page)
    service.intruders.set('/auth/token', () => undefined)
    service.advance(minutes(2))
    const reached = service.waitFor('POST /auth/token')
    const asked = askInVain(page)
    await reached
    await context.clock.fastForward(seconds(11))
    assert.equal(await asked, 'ERR_CLIENT_UNAVAILABLE')
    service.intruders.set('/auth/token', (req) => req.destroy())
    assert.equal(await askInVain(page), 'ERR_CLIENT_UNAVAILABLE')
    service.intruders.delete('/auth/token')
    assert.equal((await ask(page)).status, 200)
  },

  'an answer that is lost on its way signs nobody out: the next try gets the same successor':
    async (context, service) => {
      const page = await openTab(context)
      await signIn(page)
      service.advance(minutes(2))
      // The server has renewed, and the browser does not hear of it: its cookie is the old one.
      const cookies = await context.cookies()
      assert.equal((await ask(page)).status, 200)
      await context.clearCookies()
      await context.addCookies(cookies)
      service.advance(minutes(2))
      assert.equal((await ask(page)).status, 200)
    },

  'Retry-After keeps all tabs from asking': async (context, service) => {
    const page = await openTab(context)
    await signIn(page)
    const tabs = [page, ...(await openTabs(context, 3))]
    service.advance(minutes(2))
    const asked = service.count('POST /auth/token')
    service.intruders.set('/auth/token', (_req, res) =>
      res.writeHead(503, { 'Retry-After': '60' }).end(),
    )
    for (const tab of tabs) assert.equal(await askInVain(tab), 'ERR_CLIENT_UNAVAILABLE')
    assert.equal(service.count('POST /auth/token') - asked, 1)
    assert.equal((await stateOf(page)).status, 'signed-in')
  },

  'what was refused for good is told with its reason, in all tabs': async (context, service) => {
    const page = await openTab(context)
    await signIn(page)
    const [other] = await openTabs(context, 1)
    const { sessionId } = await stateOf(page)
    await service.sessions.revoke(sessionId ?? '', { reason: 'password_changed' })
    assert.equal((await ask(page)).status, 401)
    for (const tab of [page, other]) {
      await tab?.waitForFunction(() => client.state.status === 'signed-out')
      assert.equal(await tab?.evaluate(() => client.state.reason), 'password_changed')
    }
  },

  'clients of other names on one page do not mix': async (context) => {
    const page = await openTab(context)
    await signIn(page)
    const other = await openTab(context, { endpoints: '/auth/', clientId: 'another' })
    assert.equal((await stateOf(other)).status, 'unknown')
    const twin = await openTab(context, { endpoints: '/auth/' })
    assert.equal((await twin.evaluate(() => client.restore())).status, 'signed-in')
  },

  'a closed client asks for nothing any more': async (context, service) => {
    await context.clock.install()
    const page = await openTab(context)
    await signIn(page)
    await page.evaluate(() => client.close())
    const renewals = service.renewals.length
    await pass(context, service, minutes(2))
    await settled(service)
    assert.equal(service.renewals.length - renewals, 0)
    await makeClient(page)
    assert.equal((await page.evaluate(() => client.restore())).status, 'signed-in')
  },
})

async function pass(context: BrowserContext, service: Service, time: number): Promise<void> {
  service.advance(time)
  await context.clock.fastForward(time)
}

/** Waits until the service has been left alone for a while. */
async function settled({ log }: Service): Promise<void> {
  for (let seen = -1; seen !== log.length;) {
    seen = log.length
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
