import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { type ClientConnection, createProxyTrust, type ProxyRequest } from '../src/index.js'

const proxyAddress = '10.0.0.1'
const base: ProxyRequest = { peer: proxyAddress, encrypted: false, host: 'app.example' }
const behind = createProxyTrust({ trustProxy: ['10.0.0.0/8', 'fd00::/8'] })
const behindStandard = createProxyTrust({
  trustProxy: ['10.0.0.0/8', 'fd00::/8'],
  forwardedHeader: 'forwarded',
})

function seen(request: Partial<ProxyRequest>, see: typeof behind = behind): ClientConnection {
  return see({ ...base, ...request })
}

const spoofed: Partial<ProxyRequest> = {
  forwardedFor: '1.1.1.1',
  forwardedProto: 'https',
  forwardedHost: 'evil.example',
  forwarded: 'for=1.1.1.1;proto=https;host=evil.example',
}

test('by default every proxy header is ignored', () => {
  assert.deepEqual(createProxyTrust()({ ...base, ...spoofed }), {
    address: proxyAddress,
    scheme: 'http',
    host: 'app.example',
    loopback: false,
  })
})

test('headers of a peer that is not listed are ignored', () => {
  for (const see of [behind, behindStandard]) {
    assert.deepEqual(seen({ ...spoofed, peer: '192.0.2.9' }, see), {
      address: '192.0.2.9',
      scheme: 'http',
      host: 'app.example',
      loopback: false,
    })
  }
})

test('each header family is ignored where the other was chosen', () => {
  const standard = { forwarded: 'for=2.2.2.2;proto=https;host=standard.example' }
  const customary = {
    forwardedFor: '1.1.1.1',
    forwardedProto: 'https',
    forwardedHost: 'customary.example',
  }
  assert.equal(seen(standard).address, proxyAddress)
  assert.equal(seen(standard).scheme, 'http')
  assert.equal(seen({ ...standard, ...customary }).host, 'customary.example')
  assert.equal(seen(customary, behindStandard).address, proxyAddress)
  assert.equal(seen(customary, behindStandard).scheme, 'http')
  assert.equal(seen({ ...standard, ...customary }, behindStandard).host, 'standard.example')
})

test('a listed proxy without headers is itself the client', () => {
  for (const see of [behind, behindStandard]) {
    assert.deepEqual(seen({ encrypted: true }, see), {
      address: proxyAddress,
      scheme: 'https',
      host: 'app.example',
      loopback: false,
    })
  }
})

/** X-Forwarded-For from a listed peer, and the client that it names. */
const chains: readonly (readonly [string, ProxyRequest['forwardedFor'], string])[] = [
  ['one client', '203.0.113.7', '203.0.113.7'],
  ['a spoofed entry on the left', '1.1.1.1, 203.0.113.7', '203.0.113.7'],
  ['a spoofed proxy on the left', '10.0.0.9, 203.0.113.7', '203.0.113.7'],
  ['two listed hops', '203.0.113.7, 10.0.0.2', '203.0.113.7'],
  ['two listed hops and a spoof', '1.1.1.1, 203.0.113.7, 10.0.0.2', '203.0.113.7'],
  ['only listed hops', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
  ['several lines', ['1.1.1.1', '203.0.113.7', '10.0.0.2'], '203.0.113.7'],
  ['a word on the left', 'unknown, 203.0.113.7', '203.0.113.7'],
  ['a word on the right', '203.0.113.7, unknown', proxyAddress],
  ['a word between listed hops', '203.0.113.7, garbage, 10.0.0.2', '10.0.0.2'],
  ['an empty header', '', proxyAddress],
  ['an empty entry', '203.0.113.7,', proxyAddress],
  ['a port', '203.0.113.7:1234', '203.0.113.7'],
  ['IPv6', '2001:db8::7', '2001:db8::7'],
  ['IPv6 in another spelling', '2001:0DB8:0:0:0:0:0:7', '2001:db8::7'],
  ['IPv6 in brackets', '[2001:db8::7]', '2001:db8::7'],
  ['IPv6 in brackets with a port', '[2001:db8::7]:443', '2001:db8::7'],
  ['mapped IPv4', '::ffff:203.0.113.7', '203.0.113.7'],
  ['mapped IPv4 in hexadecimal', '::FFFF:cb00:7107', '203.0.113.7'],
  ['a mapped listed hop', '203.0.113.7, ::ffff:10.0.0.2', '203.0.113.7'],
  ['a listed IPv6 hop', '203.0.113.7, fd00::1', '203.0.113.7'],
  ['blanks and tabs', '\t 203.0.113.7 \t', '203.0.113.7'],
  ['an octal address', '0203.0.113.7', proxyAddress],
  ['a short address', '203.113.7', proxyAddress],
  ['a number', '3405803783', proxyAddress],
  ['IPv4 in brackets', '[203.0.113.7]', proxyAddress],
  ['a quote', '"203.0.113.7"', proxyAddress],
  ['an unbalanced quote on the left', '", 203.0.113.7', '203.0.113.7'],
  ['a newline', '203.0.113.7\n1.1.1.1', proxyAddress],
  ['a zone', 'fe80::1%eth0', proxyAddress],
]

for (const [what, forwardedFor, address] of chains) {
  test(`X-Forwarded-For with ${what} means ${address}`, () => {
    assert.equal(seen({ forwardedFor }).address, address)
  })
}

/** RFC 7239 Forwarded from a listed peer: address, scheme, host. */
const elements: readonly (readonly [string, ProxyRequest['forwarded'], string, string, string])[] =
  [
    [
      'one element',
      'for=203.0.113.7;proto=https;host=b.example',
      '203.0.113.7',
      'https',
      'b.example',
    ],
    [
      'names in another case',
      'For=203.0.113.7;PROTO=HTTPS;Host=b.example',
      '203.0.113.7',
      'https',
      'b.example',
    ],
    ['quoted IPv6', 'for="[2001:db8::7]:4711"', '2001:db8::7', 'http', 'app.example'],
    [
      'a quoted host with a port',
      'for=203.0.113.7;host="b.example:8443"',
      '203.0.113.7',
      'http',
      'b.example:8443',
    ],
    [
      'blanks around the parts',
      ' for=203.0.113.7 ; proto=https ',
      '203.0.113.7',
      'https',
      'app.example',
    ],
    [
      'a spoofed element',
      'for=1.1.1.1;proto=https;host=evil.example, for=203.0.113.7',
      '203.0.113.7',
      'http',
      'app.example',
    ],
    [
      'two hops',
      'for=203.0.113.7;proto=https;host=c.example, for=10.0.0.2;proto=http;host=b.example',
      '203.0.113.7',
      'http',
      'b.example',
    ],
    [
      'several lines',
      ['for=1.1.1.1;proto=https', 'for=203.0.113.7;proto=http'],
      '203.0.113.7',
      'http',
      'app.example',
    ],
    ['unknown', 'for=unknown;proto=https', proxyAddress, 'https', 'app.example'],
    ['a hidden name', 'for=_hidden;proto=https', proxyAddress, 'https', 'app.example'],
    ['no for', 'proto=https', proxyAddress, 'https', 'app.example'],
    [
      'an unbalanced quote on the left',
      'for=", for=203.0.113.7;proto=https',
      '203.0.113.7',
      'https',
      'app.example',
    ],
    [
      'an unbalanced quote on the right',
      'for=203.0.113.7, for="10.0.0.2',
      proxyAddress,
      'http',
      'app.example',
    ],
    [
      'a comma in a quoted extension',
      'for=203.0.113.7;secret="a, for=1.1.1.1"',
      '203.0.113.7',
      'http',
      'app.example',
    ],
    ['a comma in quotes', 'for="1.1.1.1, for=203.0.113.7"', proxyAddress, 'http', 'app.example'],
    ['an escape', String.raw`for="203.0.113.\7"`, proxyAddress, 'http', 'app.example'],
    [
      'a parameter twice',
      'for=203.0.113.7;for=1.1.1.1;proto=https',
      proxyAddress,
      'http',
      'app.example',
    ],
    ['no grammar', 'for=203.0.113.7 proto=https', proxyAddress, 'http', 'app.example'],
    ['an empty header', '', proxyAddress, 'http', 'app.example'],
    ['a host that is none', 'for=203.0.113.7;host="a/b"', '203.0.113.7', 'http', ''],
  ]

for (const [what, forwarded, address, scheme, host] of elements) {
  test(`Forwarded with ${what} means ${address} by ${scheme} for '${host}'`, () => {
    assert.deepEqual(seen({ forwarded }, behindStandard), {
      address,
      scheme,
      host,
      loopback: false,
    })
  })
}

const schemes: readonly (readonly [ProxyRequest['forwardedProto'], boolean, string])[] = [
  ['https', false, 'https'],
  ['HTTPS', false, 'https'],
  ['http', true, 'http'],
  ['https, http', false, 'http'],
  ['http, https', false, 'https'],
  [['https', 'http'], false, 'http'],
  ['https,', false, 'http'],
  ['wss', true, 'http'],
  ['https evil', true, 'http'],
  ['', true, 'https'],
  [undefined, true, 'https'],
  [null, false, 'http'],
  [[], false, 'http'],
]

for (const [forwardedProto, encrypted, scheme] of schemes) {
  test(`X-Forwarded-Proto ${JSON.stringify(forwardedProto) ?? 'absent'} on ${encrypted ? 'TLS' : 'plain TCP'} means ${scheme}`, () => {
    assert.equal(seen({ forwardedProto, forwardedFor: '203.0.113.7', encrypted }).scheme, scheme)
    assert.equal(seen({ forwardedProto, encrypted }).scheme, scheme, 'also without X-Forwarded-For')
  })
}

const hosts: readonly (readonly [ProxyRequest['forwardedHost'], string])[] = [
  ['b.example', 'b.example'],
  ['b.example:8443', 'b.example:8443'],
  ['evil.example, b.example', 'b.example'],
  [['evil.example', 'b.example'], 'b.example'],
  [undefined, 'app.example'],
  ['', 'app.example'],
  ['a/b', ''],
  ['user@b.example', ''],
  ['b.example\r\nX: y', ''],
  ['b.example:99999', ''],
]

for (const [forwardedHost, host] of hosts) {
  test(`X-Forwarded-Host ${JSON.stringify(forwardedHost) ?? 'absent'} means '${host}'`, () => {
    assert.equal(seen({ forwardedHost }).host, host)
  })
}

test('peers are normalised: mapped IPv4, zones, no address at all', () => {
  assert.equal(
    seen({ peer: '::ffff:10.0.0.1', forwardedFor: '203.0.113.7' }).address,
    '203.0.113.7',
  )
  assert.equal(seen({ peer: '::ffff:192.0.2.1' }).address, '192.0.2.1')
  assert.equal(createProxyTrust()({ ...base, peer: '::ffff:192.0.2.1' }).address, '192.0.2.1')
  const local = createProxyTrust({ trustProxy: ['fe80::/10'] })
  assert.equal(
    local({ ...base, peer: 'fe80::1%eth0', forwardedFor: '203.0.113.7' }).address,
    '203.0.113.7',
  )
  assert.equal(local({ ...base, peer: 'fe80::1%eth0' }).address, 'fe80::1')
  assert.equal(seen({ peer: undefined, ...spoofed }).address, undefined)
  assert.equal(seen({ peer: '/run/app.sock', ...spoofed }).address, '/run/app.sock')
  assert.equal(seen({ peer: 'x:y', ...spoofed }).address, 'x:y')
})

test('property: an IPv6 address has one text, and reading that text changes nothing', () => {
  fc.assert(
    fc.property(fc.ipV6(), (forwardedFor) => {
      const { address = '' } = seen({ forwardedFor })
      assert.equal(seen({ forwardedFor: address }).address, address)
      if (address.includes(':')) {
        assert.equal(new URL(`http://[${address}]`).hostname, `[${address}]`, 'RFC 5952')
      }
    }),
    { numRuns: 2000 },
  )
})

test('property: every IPv4 address is read as it is written', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      assert.equal(seen({ forwardedFor: address }).address, address)
      assert.equal(seen({ forwardedFor: `::ffff:${address}` }).address, address)
    }),
  )
})

test('peers that alternate are each judged by themselves', () => {
  const headers = { forwardedFor: '203.0.113.7' }
  for (const peer of [proxyAddress, '192.0.2.1', proxyAddress, undefined, proxyAddress]) {
    assert.equal(seen({ ...headers, peer }).address, peer === proxyAddress ? '203.0.113.7' : peer)
  }
})

test('property: whatever bytes stand on the left, the client that the proxy appended is found', () => {
  const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code))
  const junk = fc.oneof(
    fc.string({ unit: byte }),
    fc
      .array(fc.constantFrom('"', ',', ';', 'for=', '\\', '10.0.0.2', ' '))
      .map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(junk, (left) => {
      assert.equal(seen({ forwardedFor: `${left}, 203.0.113.7` }).address, '203.0.113.7')
      assert.equal(
        seen({ forwarded: `${left}, for=203.0.113.7;proto=http` }, behindStandard).address,
        '203.0.113.7',
      )
    }),
    { numRuns: 2000 },
  )
})

test('property: any bytes in any field get an answer', () => {
  const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code))
  const bytes = fc.string({ unit: byte })
  const header = fc.oneof(
    bytes,
    fc.array(bytes, { maxLength: 3 }),
    fc.constantFrom(undefined, null),
  )
  const request = fc.record({
    peer: fc.oneof(bytes, fc.constantFrom(proxyAddress, undefined)),
    host: fc.oneof(bytes, fc.constantFrom(undefined, null)),
    forwardedFor: header,
    forwardedProto: header,
    forwardedHost: header,
    forwarded: header,
  })
  fc.assert(
    fc.property(request, (fields) => {
      for (const see of [behind, behindStandard]) {
        const { scheme } = see({ ...base, ...fields })
        assert.ok(scheme === 'https' || scheme === 'http')
      }
    }),
    { numRuns: 2000 },
  )
})
