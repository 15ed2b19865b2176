import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HeaderValue } from '@holdfast/http'
import { VisitorRequest } from '../src/lib/visitors/visitor-request.js'

function visitor(headers: Readonly<Record<string, HeaderValue>>): VisitorRequest {
  return new VisitorRequest((name) => (Object.hasOwn(headers, name) ? headers[name] : undefined))
}

test("the visitor's address is the last that the web server wrote, and none where that is no address", () => {
  const rows: readonly (readonly [HeaderValue, string | undefined])[] = [
    ['203.0.113.7', '203.0.113.7'],
    ['6.6.6.6, 203.0.113.7', '203.0.113.7'],
    ['evil, 2001:db8::1', '2001:db8::1'],
    [['203.0.113.7'], '203.0.113.7'],
    [['6.6.6.6', '203.0.113.7'], undefined],
    ['203.0.113.7, unknown', undefined],
    ['203.0.113.7:80', undefined],
    ['203.0.113.7,', undefined],
    ['', undefined],
    [undefined, undefined],
  ]
  for (const [header, expected] of rows)
    assert.equal(visitor({ 'x-forwarded-for': header }).peer, expected, String(header))
})

test('what is said twice, or not as it should be, makes a request weaker', () => {
  assert.equal(visitor({ 'x-forwarded-proto': 'https' }).encrypted, true)
  for (const proto of ['http', 'HTTPS', 'https, http', ['https', 'https'], undefined])
    assert.equal(visitor({ 'x-forwarded-proto': proto }).encrypted, false)
  for (const method of [['GET', 'GET'], undefined])
    assert.equal(visitor({ 'x-forwarded-method': method }).method, '')
  assert.equal(visitor({ 'x-forwarded-host': ['a', 'b'] }).header('host'), undefined)
  assert.equal(visitor({}).uri, undefined)
})

test('to the transport it is a request that reached the daemon itself', () => {
  const request = visitor({
    host: 'daemon',
    'x-forwarded-host': 'www.example.com',
    'x-forwarded-for': '203.0.113.7',
    'x-forwarded-proto': 'https',
    forwarded: 'for=6.6.6.6',
    ':authority': 'evil.example',
    cookie: ['a=1', 'b=2'],
  })
  assert.equal(request.header('host'), 'www.example.com')
  for (const name of ['x-forwarded-host', 'x-forwarded-for', 'x-forwarded-proto', 'forwarded'])
    assert.equal(request.header(name), undefined)
  assert.equal(request.header(':authority'), undefined)
  assert.deepEqual(request.header('cookie'), ['a=1', 'b=2'])
})

test('what begins a WebSocket is no safe request, whoever leaves out what', () => {
  const get = { 'x-forwarded-method': 'GET' }
  assert.equal(visitor(get).method, 'GET')
  assert.equal(visitor({ ...get, 'sec-fetch-mode': 'cors' }).method, 'GET')
  for (const line of [
    { upgrade: 'websocket' },
    { upgrade: 'h2c, WebSocket' },
    { 'sec-websocket-key': ['a', 'b'] },
    { 'sec-fetch-mode': 'websocket' },
  ])
    assert.equal(visitor({ ...get, ...line }).method, 'CONNECT')
})
