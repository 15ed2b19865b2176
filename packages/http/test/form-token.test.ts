import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createSessions, type Session, type SessionError } from '@holdfast/core'
import { memoryStore } from '@holdfast/memory'
import { fetchSessions } from '../src/index.js'
import { checkFormToken } from '../src/transport.js'

const sessions = createSessions({
  store: memoryStore(),
  keys: ['form-token-key-0123456789abcdefghijk'],
})
after(() => sessions.close())
const open = fetchSessions(sessions)

/** A session that exists. */
async function started(): Promise<Session> {
  const { session } = await open(new Request('https://app.example/'))
  await session.update('started', () => true)
  return session
}

const simple = [
  'application/x-www-form-urlencoded',
  'Application/X-WWW-Form-Urlencoded; charset=utf-8',
  'multipart/form-data; boundary=x',
  'text/plain',
  undefined,
  '',
  'application/json, text/plain',
  ['application/json', 'application/json'],
]

function refuses(
  session: Session,
  method: string,
  contentType: string | undefined,
  token: unknown,
): boolean {
  try {
    checkFormToken(session, { method, contentType, token })
    return false
  } catch (error) {
    assert.equal((error as SessionError).code, 'ERR_SESSION_CSRF')
    return true
  }
}

test('what a form of another site could send needs the token of the session', async () => {
  const [session, other] = [await started(), await started()]
  const token = session.csrfToken()
  for (const contentType of simple as string[]) {
    for (const method of ['POST', 'PUT', 'DELETE', 'TRACE', 'post', '']) {
      assert.equal(refuses(session, method, contentType, token), false)
      for (const wrong of [
        undefined,
        null,
        '',
        `${token}x`,
        other.csrfToken(),
        [token],
        { token },
        0,
      ]) {
        assert.equal(refuses(session, method, contentType, wrong), true, `${method} ${contentType}`)
      }
    }
  }
})

test('safe methods, JSON, and visitors without a session pass', async () => {
  const session = await started()
  for (const method of ['GET', 'HEAD', 'OPTIONS']) {
    assert.equal(refuses(session, method, 'text/plain', undefined), false)
  }
  assert.equal(refuses(session, 'POST', 'application/json', undefined), false)
  const { session: nobody } = await open(new Request('https://app.example/'))
  assert.equal(refuses(nobody, 'POST', 'text/plain', undefined), false)
})

test('the refusal does not repeat the token', async () => {
  const session = await started()
  const secret = 'what-the-form-has-brought'
  assert.throws(
    () => checkFormToken(session, { method: 'POST', contentType: 'text/plain', token: secret }),
    (error: Error) => !error.message.includes(secret),
  )
})
