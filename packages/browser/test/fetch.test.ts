import assert from 'node:assert/strict'
import { minutes } from '@holdfast/core'
import { inBrowser } from './lib/suite.js'
import { ask, askInVain, openTab, signIn, stateOf } from './lib/tab.js'

inBrowser('fetch with a token', {
  'while nobody is signed in, it is plain fetch': async (context, service) => {
    const page = await openTab(context)
    assert.equal((await page.evaluate(() => client.restore())).status, 'signed-out')
    assert.deepEqual((await ask(page, '/open')).body, {
      scheme: 'nothing',
      method: 'GET',
      body: '',
    })
    assert.equal((await ask(page)).status, 401)
    assert.equal(service.count('POST /auth/token'), 1)
  },

  'the API sees the token, the method and the body': async (context) => {
    const page = await openTab(context)
    await signIn(page)
    const answer = await ask(page, '/api', { method: 'PUT', body: 'all of it' })
    assert.deepEqual(answer.body, { scheme: 'Bearer', method: 'PUT', body: 'all of it' })
  },

  'a token that is refused is renewed once, and the request is sent again, whole': async (
    context,
    service,
  ) => {
    const page = await openTab(context)
    await signIn(page)
    service.advance(minutes(2))
    const [requests, renewals] = [service.count('POST /api'), service.renewals.length]
    const answer = await ask(page, '/api', { method: 'POST', body: 'x'.repeat(100_000) })
    assert.equal(Object(answer.body).body.length, 100_000)
    assert.equal(service.count('POST /api') - requests, 2)
    assert.equal(service.renewals.length - renewals, 1)
  },

  'a request that is refused again gets that answer, and signs nobody out': async (
    context,
    service,
  ) => {
    const page = await openTab(context)
    await signIn(page)
    const [requests, renewals] = [service.count('GET /api/never'), service.renewals.length]
    assert.deepEqual(await ask(page, '/api/never'), { status: 401, body: 'no' })
    assert.equal(service.count('GET /api/never') - requests, 2)
    assert.equal(service.renewals.length - renewals, 1)
    assert.equal((await stateOf(page)).status, 'signed-in')
  },

  'where a stronger sign-in is wanted, nothing is renewed': async (context, service) => {
    const page = await openTab(context)
    await signIn(page)
    const [requests, renewals] = [service.count('GET /api/step-up'), service.renewals.length]
    assert.equal((await ask(page, '/api/step-up')).status, 401)
    assert.equal(service.count('GET /api/step-up') - requests, 1)
    assert.equal(service.renewals.length - renewals, 0)
  },

  'another origin gets the request without the token': async (context, service) => {
    const page = await openTab(context)
    await signIn(page)
    const seen = service.foreign.length
    assert.equal((await ask(page, `${service.elsewhere}/hello`)).body, 'elsewhere')
    assert.deepEqual(service.foreign.slice(seen), ['GET /hello nothing'])
  },

  'an origin that is allowed gets the token': async (context, service) => {
    const page = await openTab(context, { origins: [service.elsewhere] })
    await signIn(page)
    const seen = service.foreign.length
    await ask(page, `${service.elsewhere}/hello`)
    assert.match(service.foreign.slice(seen).join(), /GET \/hello Bearer \S{20}/)
  },

  'a redirect to another origin is not followed, with whatever method': async (
    context,
    service,
  ) => {
    const page = await openTab(context)
    await signIn(page)
    const seen = service.foreign.length
    assert.equal(await askInVain(page, '/away'), 'ERR_CLIENT_REDIRECT')
    const posted = await page.evaluate(() =>
      client.fetch('/away/post', { method: 'POST', body: 'secret' }).catch((error) => error.code),
    )
    assert.equal(posted, 'ERR_CLIENT_REDIRECT')
    assert.equal(service.foreign.length, seen)
  },

  'a redirect within the origin is not followed either, unless the caller looks at it itself':
    async (context) => {
      const page = await openTab(context)
      await signIn(page)
      assert.equal(await askInVain(page, '/around'), 'ERR_CLIENT_REDIRECT')
      const type = await page.evaluate(
        async () => (await client.fetch('/around', { redirect: 'manual' })).type,
      )
      assert.equal(type, 'opaqueredirect')
    },

  'redirects are followed where there is no token to carry': async (context, service) => {
    const page = await openTab(context)
    await page.evaluate(() => client.restore())
    assert.equal((await ask(page, '/away')).body, 'elsewhere')
    assert.equal(service.foreign.at(-1), 'GET /landed nothing')
  },

  "the caller's own Authorization is left alone": async (context) => {
    const page = await openTab(context)
    await signIn(page)
    const headers = { Authorization: 'Basic YTpi' }
    assert.equal(Object((await ask(page, '/open', { headers })).body).scheme, 'Basic')
  },

  'a request that is given up by its caller is given up': async (context, service) => {
    const page = await openTab(context)
    await signIn(page)
    service.intruders.set('/open', () => undefined)
    const name = await page.evaluate(() => {
      const controller = new AbortController()
      const asked = client.fetch('/open', { signal: controller.signal })
      controller.abort()
      return asked.catch((error) => error.name)
    })
    assert.equal(name, 'AbortError')
  },

  'wrong options are refused by name': async (context) => {
    const page = await openTab(context)
    const refused = async (options: object): Promise<string> =>
      page.evaluate(
        `import('/holdfast/index.js').then(({ createTokenClient }) => {
          try { createTokenClient(${JSON.stringify(options)}); return 'taken' }
          catch (error) { return error.name + ': ' + error.message }
        })`,
      )
    const cases = [
      [{ clientId: '' }, /^TypeError: .*clientId/],
      [{ clientId: 'spa', dpopp: true }, /^TypeError: .*dpopp is no option/],
      [{ clientId: 'spa', persist: 'localStorage' }, /^TypeError: .*persist/],
      [{ clientId: 'spa', idleWarning: -1 }, /^TypeError: .*idleWarning/],
      [{ clientId: 'spa', timeout: '5' }, /^TypeError: .*timeout/],
      [{ clientId: 'spa', origins: ['http://api.example.com'] }, /^TypeError: .*origins/],
      [{ clientId: 'spa', origins: ['https://api.example.com/v1'] }, /^TypeError: .*origins/],
      [{ clientId: 'spa', origins: ['*'] }, /^TypeError: /],
      [{ clientId: 'spa', endpoints: 'https://elsewhere.example/auth' }, /^TypeError: .*endpoints/],
    ] as const
    for (const [options, why] of cases) assert.match(await refused(options), why)
    assert.equal(await refused({ clientId: 'spa', origins: ['https://api.example.com'] }), 'taken')
  },

  'a sign-in is sent to no origin that is not allowed': async (context, service) => {
    const page = await openTab(context)
    const seen = service.foreign.length
    const name = await page.evaluate(
      (url) => client.signIn(url).catch((error) => error.name),
      `${service.elsewhere}/sign-in`,
    )
    assert.equal(name, 'TypeError')
    assert.equal(service.foreign.length, seen)
  },
})
