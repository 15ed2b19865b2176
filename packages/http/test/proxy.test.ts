import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  type ClientConnection,
  createProxyTrust,
  type ProxyRequest,
  type ProxyTrustOptions,
} from '../src/index.js'

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
    assert.equal(seen(request).loopback, loopback)
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
