import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { COOKIE } from '../client.js'
import type { Group } from '../define.js'
import type { AppSession } from '../suite.js'

const NOBODY = { id: null, subject: null }

/** A cookie that somebody else knows is worth nothing after a sign-in. */
export function fixationCases(group: Group): void {
  group.add('a cookie forced on a visitor is dead after the sign-in', async (site) => {
    const attacker = site.client()
    await attacker.do(['set trap 1'])
    const forced = attacker.token
    const csrf = (await attacker.get(['csrf'])).text
    const victim = site.client()
    victim.jar.set(COOKIE, forced ?? '')
    assert.equal((await victim.do(['login ann'])).status, 200)
    assert.notEqual(victim.token, forced)
    assert.deepEqual((await attacker.get(['me'])).out, [NOBODY])
    assert.deepEqual((await victim.get([`verify ${csrf}`])).out, [false])
    const own = (await victim.get(['csrf'])).text
    assert.deepEqual((await victim.get([`verify ${own}`])).out, [true])
    assert.deepEqual((await attacker.get([`verify ${own}`])).out, [false])
  })

  for (const step of ['reauthenticate', 'rotate', 'login ann']) {
    group.add(`${step} replaces the token and the CSRF token`, async (site) => {
      const client = await site.signedIn()
      const old = client.token
      const csrf = (await client.get(['csrf'])).text
      const answer = await client.do([step])
      assert.equal(answer.setCookies.length, 1)
      assert.notEqual(client.token, old)
      assert.deepEqual(await client.subjectBy(old), NOBODY)
      assert.deepEqual((await client.get([`verify ${csrf}`])).out, [false])
    })
  }

  group.add("one account's data does not reach the next one to sign in", async (site) => {
    const client = await site.signedIn('ann')
    await client.do(['set secret 1'])
    const old = client.token
    await client.do(['login bob'])
    const { out } = await client.get(['me', 'keys'])
    assert.deepEqual(out[1], [])
    assert.match(JSON.stringify(out[0]), /"bob"/)
    assert.deepEqual(await client.subjectBy(old), NOBODY)
  })

  secrecyCases(group)
}

function secrecyCases(group: Group): void {
  group.add('no token is seen in what the session shows of itself', async (site) => {
    const shown: string[] = []
    site.app.onSession = (session) => {
      shown.push(exposed(session))
    }
    const client = site.client()
    const tokens: string[] = []
    for (const step of ['set a 1', 'login ann', 'rotate', 'reauthenticate', 'me', 'logout']) {
      const answer = await client.do([step])
      if (answer.token !== null) tokens.push(answer.token)
      shown.push(JSON.stringify({ ...answer.headers, 'set-cookie': null }), answer.body)
      await client.get(['me'])
    }
    assert.equal(tokens.length, 4)
    shown.push(...site.events.map((event) => inspect(event, { depth: 10 })))
    for (const token of tokens) assertAbsent(shown, token)
  })

  group.add('no token is seen in an error', async (site) => {
    const client = await site.signedIn()
    const tokens = [client.token ?? '']
    const bodies: string[] = []
    site.store.break(['update', 'insert', 'revoke'], () => Promise.reject(new Error('gone')))
    for (const step of ['set a 1', 'login bob', 'rotate', 'logout']) {
      bodies.push((await client.do([step])).body)
    }
    site.store.mend()
    for (const path of ['/throw', '/throw-sync']) {
      bodies.push((await client.do(['set a 1'], { path })).body)
    }
    await client.do(['login ann'])
    tokens.push(client.token ?? '')
    bodies.push((await client.do(['set a 1'], { cookie: `${COOKIE}=${tokens[0]}` })).body)
    bodies.push(...site.events.map((event) => inspect(event, { depth: 10, showHidden: true })))
    for (const token of tokens) assertAbsent(bodies, token)
  })
}

/** All that a log, a debugger's print or an error page could show of a session. */
function exposed(session: AppSession): string {
  return [
    inspect(session, { showHidden: true, depth: 10 }),
    inspect(session, { showHidden: true, depth: 10, getters: true }),
    JSON.stringify(session),
    `${Object(session)}`,
    JSON.stringify(Object.entries(session)),
  ].join('\n')
}

function assertAbsent(texts: readonly string[], token: string): void {
  const [, verifier = '', tag = ''] = token.split('-')
  assert.equal(verifier.length, 43)
  for (const text of texts) {
    for (const secret of [token, verifier, tag]) {
      // Not the text: it would show the token in turn.
      assert.equal(text.includes(secret), false, `a secret in: ${text.slice(0, 40)}…`)
    }
  }
}
