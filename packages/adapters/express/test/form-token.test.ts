import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { listen } from '@holdfast/conformance/adapter'
import { createSessions } from '@holdfast/core'
import { memoryStore } from '@holdfast/memory'
import express from 'express'
import { formToken, session } from '../src/index.js'

const sessions = createSessions({
  store: memoryStore(),
  keys: ['form-token-test-key-0123456789abcdef'],
})
const app = express()
app.use(session(sessions, { development: true }))
app.use(express.urlencoded(), express.json(), express.text())
app.use(formToken({ header: 'X-My-Token' }))
app.get('/token', (req, res) => res.json({ token: req.session.csrfToken() }))
app.all('/do', (req, res) => res.json({ id: req.session.id }))
app.post('/login', async (req, res) => {
  await req.session.authenticate('ann')
  res.json({ token: req.session.csrfToken() })
})

const { port, close } = await listen(app)
const origin = `http://127.0.0.1:${port}`
after(async () => {
  await close()
  await sessions.close()
})

interface Visitor {
  readonly cookie: string
  readonly token: string
}

async function visit(): Promise<Visitor> {
  const response = await fetch(`${origin}/token`)
  const cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  const { token } = (await response.json()) as { readonly token: string }
  return { cookie, token }
}

async function send(
  visitor: Partial<Visitor>,
  type: string | null,
  body: string,
  headers: Readonly<Record<string, string>> = {},
  method: string = 'POST',
): Promise<number> {
  const response = await fetch(`${origin}/do`, {
    method,
    body: Buffer.from(body),
    headers: {
      'Sec-Fetch-Site': 'same-origin',
      ...(type === null ? {} : { 'Content-Type': type }),
      ...(visitor.cookie === undefined ? {} : { Cookie: visitor.cookie }),
      ...headers,
    },
  })
  await response.arrayBuffer()
  return response.status
}

const FORM = 'application/x-www-form-urlencoded'

test('a form passes with the token of its own session, and only with it', async () => {
  const [ann, bob] = [await visit(), await visit()]
  assert.equal(await send(ann, FORM, `_csrf=${ann.token}`), 200)
  assert.equal(await send(ann, FORM, `_csrf=${ann.token}`), 200, 'it can be used again')
  for (const body of [
    '',
    '_csrf=',
    `_csrf=${bob.token}`,
    `_csrf=${ann.token}x`,
    `csrf=${ann.token}`,
  ]) {
    assert.equal(await send(ann, FORM, body), 403, body.length.toString())
  }
  assert.equal(await send(ann, FORM, `_csrf=${ann.token}&_csrf=${ann.token}`), 403, 'a list')
  assert.equal(await send(ann, FORM, `_csrf[a]=${ann.token}`), 403, 'an object')
})

test('a script passes with the token in the header, in any case of its name', async () => {
  const ann = await visit()
  assert.equal(await send(ann, FORM, '', { 'x-my-token': ann.token }), 200)
  assert.equal(await send(ann, FORM, '', { 'X-MY-TOKEN': ann.token }), 200)
  assert.equal(await send(ann, FORM, `_csrf=${ann.token}`, { 'x-my-token': 'wrong' }), 403)
})

test('every content type that a form of another site can send wants the token', async () => {
  const ann = await visit()
  const types = [
    FORM,
    `${FORM};charset=utf-8`,
    'multipart/form-data; boundary=x',
    'text/plain',
    null,
  ]
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    for (const type of types) {
      assert.equal(await send(ann, type, 'a=1', {}, method), 403, `${method} ${type}`)
      const headers = { 'x-my-token': ann.token }
      assert.equal(await send(ann, type, 'a=1', headers, method), 200, `${method} ${type}`)
    }
    assert.equal(await send(ann, 'application/json', '{}', {}, method), 200)
  }
})

test('a value that stands in a cookie and in the request alike is no token (naive double submit)', async () => {
  const [ann, bob] = [await visit(), await visit()]
  for (const value of ['chosen-by-the-attacker', bob.token]) {
    for (const name of ['_csrf', 'csrf', 'XSRF-TOKEN', '__Host-csrf', 'x-my-token']) {
      const cookie = `${ann.cookie}; ${name}=${value}`
      assert.equal(await send({ cookie }, FORM, `_csrf=${value}`, { 'x-my-token': value }), 403)
    }
  }
})

test('a visitor without a session has nothing to ride on', async () => {
  assert.equal(await send({}, FORM, ''), 200)
})

test('the token of before a sign-in is refused after it', async () => {
  const ann = await visit()
  const response = await fetch(`${origin}/login`, {
    method: 'POST',
    headers: { 'Sec-Fetch-Site': 'same-origin', Cookie: ann.cookie, 'x-my-token': ann.token },
  })
  const cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  const { token } = (await response.json()) as { readonly token: string }
  assert.equal(await send({ cookie }, FORM, `_csrf=${ann.token}`), 403)
  assert.equal(await send({ cookie }, FORM, `_csrf=${token}`), 200)
})
