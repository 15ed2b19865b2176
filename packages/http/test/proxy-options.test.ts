import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createProxyTrust, type ProxyRequest, type ProxyTrustOptions } from '../src/index.js'

const base: ProxyRequest = { peer: '10.0.0.1', encrypted: false, host: 'app.example' }
const behind = createProxyTrust({ trustProxy: ['10.0.0.0/8'] })

const ranges: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['192.0.2.1', ['192.0.2.1', '::ffff:192.0.2.1'], ['192.0.2.2', '::192.0.2.1']],
  ['192.0.2.0/24', ['192.0.2.0', '192.0.2.255'], ['192.0.3.0', '192.0.1.255']],
  ['192.0.2.128/25', ['192.0.2.128', '192.0.2.255'], ['192.0.2.127']],
  ['172.16.0.0/12', ['172.16.0.1', '172.31.255.255'], ['172.32.0.0', '172.15.255.255']],
  ['128.0.0.0/1', ['128.0.0.0', '255.255.255.255'], ['127.255.255.255', '8000::']],
  ['::ffff:10.0.0.0/104', ['10.1.2.3', '::ffff:10.1.2.3'], ['11.0.0.0']],
  ['2001:db8::/32', ['2001:db8::1', '2001:db8:ffff::'], ['2001:db9::', '2001:db7::']],
  ['2001:db8::1', ['2001:db8::1', '2001:DB8:0::1'], ['2001:db8::2']],
  ['::/1', ['::1', '7fff::'], ['8000::', '192.0.2.1', '::ffff:192.0.2.1']],
  ['8000::/1', ['ffff::', '8000::'], ['7fff::', '192.0.2.1', '255.255.255.255']],
  ['loopback', ['127.0.0.1', '127.255.0.1', '::1', '::ffff:127.0.0.1'], ['128.0.0.1', '::2', '::']],
]

for (const [entry, inside, outside] of ranges) {
  test(`trustProxy '${entry}' holds its own addresses and no others`, () => {
    const see = createProxyTrust({ trustProxy: [entry] })
    for (const peer of inside)
      assert.equal(see({ ...base, peer, forwardedFor: '9.9.9.9' }).address, '9.9.9.9', peer)
    for (const peer of outside)
      assert.notEqual(see({ ...base, peer, forwardedFor: '9.9.9.9' }).address, '9.9.9.9', peer)
  })
}

const badEntries: readonly unknown[] = [
  '',
  ' ',
  '1.2.3',
  '1.2.3.4.5',
  '010.0.0.1',
  '1.2.3.04',
  '256.0.0.1',
  '1.2.3.4 ',
  '0x7f.0.0.1',
  '1.2.3.4:80',
  '[::1]',
  'localhost',
  'Loopback',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0.0/-1',
  '10.0.0.0/08',
  '10.0.0.0/8/8',
  '10.0.0.0/255.0.0.0',
  '10.0.0.0/8 ',
  '10.0.0.1/8',
  '0.0.0.0/0',
  '::/0',
  '::/129',
  '2001:db8::1/32',
  '::ffff:0:0/90',
  '::ffff:10.0.0.1/97',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7::8',
  '12345::',
  'g::',
  ':1::',
  '1:',
  '::1%lo',
  '1.2.3.4::',
  '::1.2.3',
  '*',
  7,
  null,
  undefined,
]

for (const entry of badEntries) {
  test(`trustProxy ${JSON.stringify(entry) ?? 'undefined'} is refused`, () => {
    assert.throws(() => createProxyTrust({ trustProxy: ['loopback', entry as string] }), {
      name: 'TypeError',
      message: /^trustProxy\[1\] /,
    })
  })
}

test('other wrong options are refused by name', () => {
  const wrong = (options: object): ProxyTrustOptions => options
  assert.throws(() => createProxyTrust(wrong({ trustProxy: true })), {
    name: 'TypeError',
    message: /^trustProxy must be an array.*got true/,
  })
  assert.throws(
    () => createProxyTrust(wrong({ trustProxy: '10.0.0.1' })),
    /trustProxy must be an array/,
  )
  assert.throws(() => createProxyTrust(wrong({ forwardedHeader: 'x-real-ip' })), {
    name: 'TypeError',
    message: /^forwardedHeader must be/,
  })
  assert.throws(
    () => createProxyTrust(wrong({ trustedProxies: [] })),
    /proxy\.trustedProxies is not an option/,
  )
})

const loopbacks: readonly (readonly [string, Partial<ProxyRequest>, boolean])[] = [
  ['127.0.0.1 for localhost', { peer: '127.0.0.1', host: 'localhost:3000' }, true],
  ['::1 for localhost', { peer: '::1', host: 'LOCALHOST' }, true],
  ['mapped loopback for an address', { peer: '::ffff:127.0.0.1', host: '127.0.0.1:3000' }, true],
  ['::1 for [::1]', { peer: '::1', host: '[::1]:3000' }, true],
  ['a name under localhost', { peer: '127.0.0.1', host: 'app.localhost' }, true],
  ['a public name on a loopback socket', { peer: '127.0.0.1', host: 'app.example' }, false],
  [
    'a name that begins like an address',
    { peer: '127.0.0.1', host: '127.0.0.1.evil.example' },
    false,
  ],
  ['a name that ends alike', { peer: '127.0.0.1', host: 'evillocalhost' }, false],
  ['no host', { peer: '127.0.0.1', host: undefined }, false],
  ['localhost asked for from elsewhere', { peer: '192.0.2.1', host: 'localhost' }, false],
  ['no peer', { peer: undefined, host: 'localhost' }, false],
  [
    'an unlisted proxy on this machine',
    { peer: '127.0.0.1', host: 'localhost', forwardedFor: '203.0.113.7' },
    false,
  ],
  [
    'an unlisted proxy with another header',
    { peer: '127.0.0.1', host: 'localhost', forwarded: 'for=x' },
    false,
  ],
]

for (const [what, request, loopback] of loopbacks) {
  test(`${what} is ${loopback ? '' : 'not '}loopback`, () => {
    assert.equal(createProxyTrust()({ ...base, ...request }).loopback, loopback)
    assert.equal(behind({ ...base, ...request }).loopback, loopback)
  })
}

test('behind a listed proxy on this machine, loopback is decided by the client that it names', () => {
  const see = createProxyTrust({ trustProxy: ['loopback'] })
  const request = { ...base, peer: '127.0.0.1', host: 'localhost' }
  assert.equal(see({ ...request, forwardedFor: '127.0.0.1' }).loopback, true)
  assert.equal(see({ ...request, forwardedFor: '203.0.113.7' }).loopback, false)
  assert.equal(
    see({ ...request, forwardedFor: '127.0.0.1', forwardedHost: 'app.example' }).loopback,
    false,
  )
})
