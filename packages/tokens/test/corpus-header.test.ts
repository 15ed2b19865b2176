import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'node:test'
import { generateSigningKey } from '@holdfast/tokens'
import { accessToken, base64url, claims, forge, keys, refused, verifier } from './support/tokens.js'

/** Headers and payload with the signature that is given: mostly none that anybody made. */
function unsigned(header: object, signature = ''): string {
  return `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims()))}.${signature}`
}

for (const alg of ['none', 'None', 'NONE', 'nOnE', ' none', '', null, undefined, 0, ['EdDSA']]) {
  test(`"alg": ${JSON.stringify(alg)} is refused, signed or not`, () => {
    const header = { typ: 'at+jwt', alg, kid: keys.EdDSA.kid }
    refused(unsigned(header), 'malformed')
    refused(unsigned({ typ: 'at+jwt', alg }), 'malformed')
    refused(unsigned(header, 'AA'), 'algorithm')
    refused(forge({ header: { alg } }), 'algorithm')
  })
}

test('an algorithm of another key, or of no key of ours, is refused although the signature is right', () => {
  for (const alg of ['ES256', 'RS256', 'PS256', 'HS256', 'ES384', 'Ed25519', 'eddsa', 'EdDSA '])
    refused(forge({ header: { alg } }), 'algorithm')
  refused(forge({ key: keys.RS256, header: { alg: 'PS256' } }), 'algorithm')
  refused(forge({ key: keys.ES256, header: { alg: 'ES256K' } }), 'algorithm')
})

/** Everything that somebody may have taken for "the public key" when it was used as a secret of HMAC. */
function encodings(key: (typeof keys)['RS256']): readonly (string | Buffer)[] {
  const pem = String(key.publicKey.export({ type: 'spki', format: 'pem' }))
  const der = key.publicKey.export({ type: 'spki', format: 'der' })
  const jwk = key.publicKey.export({ format: 'jwk' })
  const pkcs1 =
    key.alg === 'RS256' ? [String(key.publicKey.export({ type: 'pkcs1', format: 'pem' }))] : []
  const raw = Buffer.from(jwk.n ?? jwk.x ?? '', 'base64url')
  const published = { ...jwk, kid: key.kid, alg: key.alg, use: 'sig' }
  const texts = [pem, ...pkcs1, JSON.stringify(jwk), JSON.stringify(published), ssh(jwk), key.kid]
  const more = texts.flatMap((text) => {
    return [text, `${text}\n`, text.trimEnd(), text.replaceAll('\n', '\r\n'), base64url(text)]
  })
  const body = pem.replaceAll(/-----[^-]+-----|\s/g, '')
  return [...more, der, raw, der.toString('base64'), der.toString('hex'), body, '', '\0']
}

function ssh(jwk: {
  readonly kty?: string
  readonly n?: string
  readonly e?: string
  x?: string
}): string {
  const field = (bytes: Buffer): Buffer => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    return Buffer.concat([length, bytes])
  }
  const name = jwk.kty === 'RSA' ? 'ssh-rsa' : 'ssh-ed25519'
  const parts = [name, jwk.e, jwk.n, jwk.x].filter((part) => part !== undefined)
  const bytes = parts.map((part, at) => field(Buffer.from(part, at === 0 ? 'latin1' : 'base64url')))
  return `${name} ${Buffer.concat(bytes).toString('base64')}`
}

for (const key of Object.values(keys)) {
  test(`a MAC with the public ${key.alg} key as its secret is refused, in every encoding of the key`, () => {
    for (const secret of encodings(key)) {
      for (const [alg, digest] of [
        ['HS256', 'sha256'],
        ['HS512', 'sha512'],
        [key.alg, 'sha256'],
      ] as const) {
        const header = { typ: 'at+jwt', alg, kid: key.kid }
        const input = unsigned(header).slice(0, -1)
        const mac = createHmac(digest, secret).update(input).digest()
        refused(`${input}.${base64url(mac)}`, alg === key.alg ? 'signature' : 'algorithm')
      }
    }
  })
}

test('a key that a token brings along is not used, nor is one that it names by address', async () => {
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    socket.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const url = `http://127.0.0.1:${address.port}/keys`
  const thief = generateSigningKey()
  const jwk = thief.publicKey.export({ format: 'jwk' })
  const { kid } = keys.EdDSA
  for (const header of [
    { jwk, kid },
    { jwk },
    { jwk: { ...jwk, kid }, kid },
    { jku: url, kid },
    { jku: url },
    { x5u: url, kid },
    { x5c: [base64url('certificate')], kid },
    { x5t: 'x', kid },
    { kid: url },
  ])
    refused(forge({ key: thief, header }), undefined)
  // Even beside a right signature they say that somebody wants something.
  for (const header of [{ jwk }, { jku: url }, { x5u: url }, { x5c: [] }])
    refused(forge({ header }), 'header')
  await pause(50)
  assert.equal(connections, 0)
  server.close()
})

test('members that change how the rest is read are refused, and so is any that nobody knows', () => {
  for (const header of [
    { crit: ['exp'] },
    { crit: [] },
    { b64: false, crit: ['b64'] },
    { b64: true },
    { zip: 'DEF' },
    { enc: 'A256GCM' },
    { cty: 'JWT' },
    { nonce: 'x' },
    { note: '' },
  ])
    refused(forge({ header }), 'header')
  refused(
    forge({
      headerText: `{"typ":"at+jwt","alg":"EdDSA","kid":"${keys.EdDSA.kid}","__proto__":{}}`,
    }),
    'header',
  )
})

for (const kid of [
  '../../../../dev/null',
  '/dev/null',
  'file:///etc/passwd',
  "' OR 1=1 --",
  "x' UNION SELECT 'key",
  '| sleep 10',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  ' ',
  '\0',
  '*',
  'x'.repeat(5000),
]) {
  test(`"kid": ${JSON.stringify(kid.slice(0, 30))} finds no key`, () => {
    refused(forge({ header: { kid } }), 'unknown_key')
  })
}

test('a kid that is absent, no text, or nearly ours finds no key', () => {
  const { kid } = keys.EdDSA
  for (const wrong of [undefined, null, 0, true, {}, [kid], { toString: kid }])
    refused(forge({ header: { kid: wrong } }), 'header')
  const near = [`${kid} `, ` ${kid}`, kid.slice(0, -1), kid.toLowerCase(), `${kid}\0`, `${kid}=`]
  for (const wrong of near) refused(forge({ header: { kid: wrong } }), 'unknown_key')
})

test('both spellings of the type pass, and no other', () => {
  verifier().verify(forge({ header: { typ: 'application/at+jwt' } }))
  const others = [
    undefined,
    null,
    '',
    'JWT',
    'jwt',
    'AT+JWT',
    'at+jwt ',
    'at+JWT',
    'at',
    'dpop+jwt',
  ]
  const more = [
    'logout+jwt',
    'secevent+jwt',
    'application/jwt',
    'application/AT+jwt',
    ['at+jwt'],
    1,
  ]
  for (const typ of [...others, ...more]) refused(forge({ header: { typ } }), 'type')
})

test('a key that is not of the set is refused, its own kid or one of ours notwithstanding', () => {
  const stranger = generateSigningKey()
  refused(accessToken(stranger), 'unknown_key')
  refused(forge({ key: stranger, header: { kid: keys.EdDSA.kid } }), 'signature')
})
