import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import {
  accessToken,
  ALGORITHMS,
  base64url,
  keys,
  ORDER,
  refused,
  twinOf,
  verifier,
} from './support/tokens.js'

const bytesOf = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, '0'), 'hex')
const numberOf = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex')}`)

function withSignature(token: string, signature: Uint8Array | string): string {
  const text = typeof signature === 'string' ? signature : base64url(signature)
  return `${token.slice(0, token.lastIndexOf('.'))}.${text}`
}

const signatureOf = (token: string): Buffer =>
  Buffer.from(token.slice(token.lastIndexOf('.') + 1), 'base64url')

test('psychic ECDSA signatures are refused: r or s zero, or the order of the curve, or beyond', () => {
  const token = accessToken(keys.ES256)
  const signature = signatureOf(token)
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32)]
  const edges = [0n, ORDER, ORDER + 1n, 2n ** 256n - 1n].map(bytesOf)
  for (const edge of edges) {
    for (const other of [...edges, bytesOf(1n), bytesOf(ORDER - 1n)])
      refused(withSignature(token, Buffer.concat([edge, other])), 'signature')
    refused(withSignature(token, Buffer.concat([edge, s])), 'signature')
    refused(withSignature(token, Buffer.concat([r, edge])), 'signature')
  }
  refused(withSignature(token, 'MAYCAQACAQA'), 'signature') // DER of r = s = 0
  refused(withSignature(token, new Uint8Array(64)), 'signature')
})

test('an ECDSA signature of another length or in DER is refused', () => {
  const token = accessToken(keys.ES256)
  const signature = signatureOf(token)
  const der = (bytes: Buffer): Buffer => {
    const positive = (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Buffer.alloc(1), bytes])
    return Buffer.concat([Buffer.from([2, positive.length]), positive])
  }
  const body = Buffer.concat([der(signature.subarray(0, 32)), der(signature.subarray(32))])
  refused(
    withSignature(token, Buffer.concat([Buffer.from([0x30, body.length]), body])),
    'signature',
  )
  for (const wrong of [
    signature.subarray(1),
    Buffer.concat([signature, Buffer.alloc(1)]),
    Buffer.concat([Buffer.alloc(1), signature]),
  ])
    refused(withSignature(token, wrong), 'signature')
})

test('the twin of an ECDSA signature is the same token: same session, same grant, same jti', () => {
  const token = accessToken(keys.ES256)
  const one = verifier()
  assert.deepEqual(one.verify(twinOf(token)), one.verify(token))
})

test('an Ed25519 signature whose scalar was lifted by the order of the group is refused', () => {
  const order = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n
  const token = accessToken()
  const signature = signatureOf(token)
  const scalar = numberOf(Buffer.from(signature.subarray(32).toReversed()))
  const lifted = Buffer.from(bytesOf(scalar + order).toReversed())
  refused(withSignature(token, Buffer.concat([signature.subarray(0, 32), lifted])), 'signature')
})

for (const alg of ALGORITHMS) {
  const token = accessToken(keys[alg])

  test(`${alg}: each bit of header, payload and signature counts`, () => {
    const one = verifier()
    one.verify(token)
    const bytes = Buffer.from(token, 'latin1')
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = Buffer.from(bytes)
        flipped.writeUInt8((bytes[at] ?? 0) ^ (1 << bit), at)
        refused(flipped.toString('latin1'), undefined, one)
      }
    }
  })

  test(`${alg}: no part of the token is a token`, () => {
    for (let length = 0; length < token.length; length++) {
      refused(token.slice(0, length), undefined)
      refused(token.slice(length + 1), undefined)
    }
  })

  test(`${alg}: a signature of another token, of another algorithm, or of all zeros or ones, is refused`, () => {
    const other = accessToken(keys[alg], { jti: 'token-2' })
    refused(withSignature(token, signatureOf(other)), 'signature')
    const size = signatureOf(token).length
    for (const byte of [0, 1, 0x7f, 0x80, 0xff])
      refused(withSignature(token, Buffer.alloc(size, byte)), 'signature')
    for (const another of ALGORITHMS.filter((each) => each !== alg))
      refused(withSignature(token, signatureOf(accessToken(keys[another]))), 'signature')
  })

  test(`${alg}: other spellings of the same bytes are refused`, () => {
    const parts = token.split('.')
    for (const at of [0, 1, 2]) {
      const part = parts[at] ?? ''
      const replaced = (text: string): string => parts.with(at, text).join('.')
      const standard = Buffer.from(part, 'base64url').toString('base64')
      const spellings = [
        `${part}=`,
        `${part}==`,
        ` ${part}`,
        `${part}\n`,
        `${part}%3D`,
        lastBits(part),
      ]
      const cut = `${part.slice(0, 4)}\n${part.slice(4)}`
      for (const text of [...spellings, cut, standard === part ? `${part}=` : standard])
        if (text !== part) refused(replaced(text), 'malformed')
    }
  })
}

/** The same bytes with other unused bits in the last character, where it has any. */
function lastBits(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const unused = text.length % 4
  if (unused === 0) return `${text}=`
  const last = alphabet.indexOf(text.at(-1) ?? '')
  return `${text.slice(0, -1)}${alphabet.charAt(last ^ 1)}`
}

test('a token with fewer or more parts, of another shape, or of another type is refused', () => {
  const token = accessToken()
  const [header = '', payload = '', signature = ''] = token.split('.')
  const shapes = [`${token}.`, `.${token}`, `${token}.x`, `${header}..${payload}.${signature}`]
  const halves = [
    `${header}.${payload}`,
    `${header}.${payload}.`,
    `.${payload}.${signature}`,
    `${header}..${signature}`,
  ]
  const five = `${header}.${payload}.${signature}.${payload}.${signature}`
  for (const wrong of [
    ...shapes,
    ...halves,
    five,
    '',
    '.',
    '..',
    '...',
    token.toLowerCase(),
    `${token} `,
    `Bearer ${token}`,
  ])
    refused(wrong, undefined)
  const json = JSON.stringify({ payload, protected: header, signature })
  refused(json, 'malformed')
  for (const wrong of [null, undefined, 5, {}, [token], Buffer.from(token)])
    refused(wrong, 'malformed')
})

test('huge tokens are refused before they are read', () => {
  for (const size of [8193, 65_536, 10_000_000]) {
    refused('A'.repeat(size), 'malformed')
    refused('.'.repeat(size), 'malformed')
    refused(`${accessToken()}${'A'.repeat(size)}`, 'malformed')
  }
})

test('whatever is changed at random, nothing else is thrown and nothing passes', (t) => {
  const seed = Number(process.env['HOLDFAST_SEED'] ?? randomInt(2 ** 31))
  t.diagnostic(`seed ${seed}`)
  const random = mulberry(seed)
  const below = (count: number): number => Math.floor(random() * count)
  const one = verifier()
  for (let round = 0; round < 5000; round++) {
    const token = accessToken(keys.EdDSA, { jti: `token-${round % 7}` })
    refused(mutate(token, below), undefined, one)
  }
})

type Below = (count: number) => number

function mutate(token: string, below: Below): string {
  const at = below(token.length)
  const letter = String.fromCharCode(below(4) === 0 ? below(0x1_0000) : below(128))
  const changed = [
    `${token.slice(0, at)}${letter}${token.slice(at + 1)}`,
    `${token.slice(0, at)}${letter}${token.slice(at)}`,
    token.slice(0, at) + token.slice(at + 1 + below(5)),
    token.slice(at) + token.slice(0, at),
    token + token.slice(at),
    `${token.slice(0, at)}.${token.slice(at)}`,
  ][below(6)]
  return changed === undefined || changed === token ? `${token}A` : changed
}

/** A small generator whose run a seed repeats. */
function mulberry(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
