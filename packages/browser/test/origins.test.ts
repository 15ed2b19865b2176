import assert from 'node:assert/strict'
import { minutes } from '@holdfast/core'
import type { BrowserContext, Page } from 'playwright-core'
import type { Service } from './lib/service.js'
import { inBrowser } from './lib/suite.js'
import { ask, makeClient, stateOf, type TabOptions } from './lib/tab.js'

const BOUND = { dpop: true }
const KEPT = { clientId: 'native', persist: 'indexeddb', dpop: true } as const

inBrowser('endpoints and an API at another origin', {
  'a page of the same site is signed in by the cookies of the other origin': async (
    context,
    service,
  ) => {
    // The time of the server must be readable: proofs need it.
    await context.clock.install({ time: Date.now() + minutes(60) })
    const page = await openAt(context, service, service.neighbour, BOUND)
    await page.evaluate(async (origin) => {
      await fetch(`${origin}/sign-in`, { method: 'POST', credentials: 'include' })
      await client.signIn()
    }, service.origin)
    await uses(page, service)
    await page.reload()
    await makeClient(page, optionsFor(service, BOUND))
    assert.equal((await page.evaluate(() => client.restore())).status, 'signed-in')
    await leaves(page, service)
  },

  'a page of an unrelated site keeps its refresh token itself': async (context, service) => {
    const page = await openAt(context, service, service.elsewhere, KEPT)
    await page.evaluate((url) => client.signIn(url), `${service.origin}/sign-in/native`)
    await uses(page, service)
    assert.deepEqual(await context.cookies(), [])
    await page.reload()
    await makeClient(page, optionsFor(service, KEPT))
    assert.equal((await page.evaluate(() => client.restore())).status, 'signed-in')
    await leaves(page, service)
  },

  'a page whose origin is listed for another client alone is refused': async (context, service) => {
    const page = await openAt(context, service, service.neighbour, KEPT)
    await page.evaluate((url) => client.signIn(url), `${service.origin}/sign-in/native`)
    service.advance(minutes(2))
    const code = await page.evaluate(
      (url) => client.fetch(url).catch((error) => error.code),
      `${service.origin}/api`,
    )
    assert.equal(code, 'ERR_CLIENT_UNAVAILABLE')
  },
})

function optionsFor(service: Service, options: TabOptions): TabOptions {
  return { ...options, endpoints: `${service.origin}/auth`, origins: [service.origin] }
}

/** Opens a page of this origin, whose client has its endpoints at the service. */
async function openAt(
  context: BrowserContext,
  service: Service,
  origin: string,
  options: TabOptions,
): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${origin}/`)
  await makeClient(page, optionsFor(service, options))
  return page
}

/** Calls the API with what was given at the sign-in, when it wants another nonce, and when the token is over. */
async function uses(page: Page, service: Service): Promise<void> {
  const asks = async (): Promise<void> => {
    const { status, body } = await ask(page, `${service.origin}/api`)
    assert.deepEqual([status, Object(body).scheme], [200, 'DPoP'])
  }
  await asks()
  const renewals = service.renewals.length
  service.intruders.set('/api', (_req, res) => {
    service.intruders.clear()
    const challenge = 'DPoP error="use_dpop_nonce"'
    res.writeHead(401, { 'WWW-Authenticate': challenge, 'DPoP-Nonce': 'new' }).end()
  })
  await asks()
  assert.equal(service.renewals.length, renewals)
  service.advance(minutes(2))
  await asks()
  assert.ok(service.renewals.length > renewals)
}

async function leaves(page: Page, service: Service): Promise<void> {
  const { sessionId } = await stateOf(page)
  await page.evaluate(() => client.signOut())
  assert.notEqual((await service.sessions.get(sessionId ?? ''))?.revokedAt, null)
}
