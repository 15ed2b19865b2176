import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { AccessTokenVerifier, fileKeySet, signAccessToken, type KeyInfo } from '@holdfast/tokens'
import { freshFolder } from './support/folders.js'
import { ALGORITHMS, AUDIENCE, claims, ISSUER, refused } from './support/tokens.js'

const START = Date.UTC(2026, 10, 24)
const MINUTE = 60_000

interface Timeline {
  now: number
}

const at =
  (timeline: Timeline): (() => number) =>
  () =>
    timeline.now
const states = (keys: readonly KeyInfo[]): readonly string[] => keys.map(({ state }) => state)
const modeOf = (path: string): number => statSync(path).mode & 0o777

function open(folder: string, timeline: Timeline): ReturnType<typeof fileKeySet> {
  return fileKeySet(folder, { now: at(timeline), publishAhead: 10 * MINUTE })
}

for (const algorithm of ALGORITHMS) {
  test(`${algorithm}: a new folder gets a key that signs at once, and it is there again after a restart`, () => {
    const folder = freshFolder()
    const keys = fileKeySet(folder, { algorithm })
    assert.equal(keys.current.alg, algorithm)
    const again = fileKeySet(folder)
    assert.equal(again.current.kid, keys.current.kid)
    assert.ok(again.current.privateKey.equals(keys.current.privateKey))
    assert.deepEqual(again.jwks(), keys.jwks())
  })
}

test('folder and files are for their owner alone, and nothing secret is published or listed', () => {
  const folder = freshFolder()
  const keys = fileKeySet(folder)
  const [name = ''] = readdirSync(folder)
  assert.deepEqual([modeOf(folder), modeOf(join(folder, name))], [0o700, 0o600])
  const { d = '' } = keys.current.privateKey.export({ format: 'jwk' })
  assert.ok(readFileSync(join(folder, name), 'utf8').includes(d))
  for (const shown of [keys.jwks(), keys.list(), keys.find(keys.current.kid)])
    assert.ok(!JSON.stringify(shown).includes(d))
  assert.equal(Object.hasOwn(keys.find(keys.current.kid) ?? {}, 'privateKey'), false)
})

test('what other users may open, or what is no key, is refused in words', () => {
  const refuses = (spoil: (folder: string, file: string) => void, message: RegExp): void => {
    const folder = freshFolder()
    const keys = fileKeySet(folder)
    const { d = '' } = keys.current.privateKey.export({ format: 'jwk' })
    spoil(folder, join(folder, readdirSync(folder)[0] ?? ''))
    assert.throws(
      () => fileKeySet(folder),
      (error) => {
        assert.match(String(error), message)
        assert.ok(error instanceof Error && 'code' in error)
        assert.equal(error.code, 'ERR_TOKEN_KEY_INVALID')
        assert.ok(!String(error.stack).includes(d) && error.cause === undefined)
        return true
      },
    )
  }
  for (const mode of [0o644, 0o640, 0o604, 0o620])
    refuses((_, file) => chmodSync(file, mode), /is open to other users \(mode 06\d\d\).*chmod 600/)
  refuses((folder) => chmodSync(folder, 0o755), /mode 0755.*chmod 700/)
  refuses((_, file) => writeFileSync(file, '{}'), /holds no signing key/)
  refuses((_, file) => writeFileSync(file, readFileSync(file).subarray(0, 50)), /no signing key/)
  refuses((_, file) => {
    const key = JSON.parse(readFileSync(file, 'utf8'))
    writeFileSync(file, JSON.stringify({ ...key, jwk: { ...key.jwk, crv: 'Ed448' } }))
  }, /no private JWK/)
  refuses((_, file) => {
    const key = JSON.parse(readFileSync(file, 'utf8'))
    writeFileSync(file, JSON.stringify({ ...key, signsFrom: 'soon' }))
  }, /no signing key/)
  refuses((folder, file) => {
    renameSync(file, join(folder, 'elsewhere'))
    symlinkSync('elsewhere', file)
  }, /not a plain file/)
})

test('a key is published, then it signs, then it verifies until its last token is over, then it is gone', () => {
  const timeline = { now: START }
  const folder = freshFolder()
  const keys = open(folder, timeline)
  const first = keys.current.kid
  assert.deepEqual(states(keys.rotate()), ['current', 'next'])
  const second = keys.list()[1]?.kid ?? ''
  const published = (): readonly unknown[] => keys.jwks().keys.map(({ kid }) => kid)
  assert.deepEqual(published(), [first, second])
  assert.ok(keys.find(second))

  timeline.now = START + 10 * MINUTE - 1
  assert.equal(keys.current.kid, first)
  timeline.now += 1
  assert.equal(keys.current.kid, second)
  assert.deepEqual(states(keys.list()), ['retiring', 'current'])

  timeline.now = START + 71 * MINUTE - 1
  assert.ok(keys.find(first))
  timeline.now += 1
  assert.equal(keys.find(first), undefined)
  assert.deepEqual([published(), states(keys.list())], [[second], ['current']])
  assert.equal(readdirSync(folder).length, 2)
  assert.deepEqual(states(keys.rotate()), ['current', 'next'])
  assert.deepEqual(readdirSync(folder), ['key-000002.json', 'key-000003.json'])
})

test('a rotation while a key waits to sign adds none', () => {
  const timeline = { now: START }
  const [one, two] = [freshFolder()].flatMap((folder) => [
    open(folder, timeline),
    open(folder, timeline),
  ])
  const first = one?.rotate()
  assert.deepEqual(two?.rotate(), first)
  assert.deepEqual(one?.rotate(), first)
})

test('what another process changed is seen, a deleted key included', () => {
  const timeline = { now: START }
  const folder = freshFolder()
  const [one, two] = [open(folder, timeline), open(folder, timeline)]
  const [first, next] = one.rotate()
  timeline.now += 1000
  assert.deepEqual(two.list(), one.list())
  timeline.now += 10 * MINUTE
  assert.equal(two.current.kid, next?.kid)
  rmSync(join(folder, 'key-000001.json'))
  timeline.now += 1000
  for (const keys of [one, two]) assert.equal(keys.find(first?.kid ?? ''), undefined)
})

test('a key whose file was deleted is gone in every process, also where the next key takes its name', () => {
  const timeline = { now: START }
  const folder = freshFolder()
  const [one, two] = [open(folder, timeline), open(folder, timeline)]
  const deleted = two.current
  rmSync(join(folder, 'key-000001.json'))
  timeline.now += 1000
  const [made] = one.rotate()
  assert.deepEqual(readdirSync(folder), ['key-000001.json'])
  for (const keys of [one, two]) {
    assert.equal(keys.current.kid, made?.kid)
    assert.equal(keys.find(deleted.kid), undefined)
  }
})

test('a key that stays is the same object, so that what was verified under it stays known', () => {
  const timeline = { now: START }
  const keys = open(freshFolder(), timeline)
  const found = keys.find(keys.current.kid)
  timeline.now += 1000
  keys.rotate()
  assert.equal(keys.find(keys.current.kid), found)
})

test('a file that was opened to others while it was in use is refused', () => {
  const timeline = { now: START }
  const folder = freshFolder()
  const keys = open(folder, timeline)
  chmodSync(join(folder, 'key-000001.json'), 0o644)
  timeline.now += 1000
  assert.throws(() => keys.current, { code: 'ERR_TOKEN_KEY_INVALID' })
})

test('compromised keys are gone at once with what they signed, the next one too', () => {
  const timeline = { now: START }
  const folder = freshFolder()
  const [one, two] = [open(folder, timeline), open(folder, timeline)]
  const options = { issuer: ISSUER, audience: AUDIENCE, now: at(timeline) }
  const verifiers = [one, two].map((keys) => new AccessTokenVerifier({ keys, ...options }))
  const sign = (): string => {
    const iat = Math.floor(timeline.now / 1000)
    return signAccessToken(one.current, claims({ iat, exp: iat + 300 }))
  }
  const old = sign()
  for (const verifier of verifiers) verifier.verify(old)
  one.rotate()
  assert.deepEqual(states(one.rotate({ compromised: true })), ['current'])
  assert.deepEqual(readdirSync(folder), ['key-000003.json'])
  const fresh = sign()
  refused(old, 'unknown_key', verifiers[0])
  timeline.now += 100
  // The other process meets a key that it does not know, and looks.
  for (const verifier of verifiers) verifier.verify(fresh)
  for (const verifier of verifiers) refused(old, 'unknown_key', verifier)
})

test('a clock that is set back or forward leaves a key that signs', () => {
  const timeline = { now: START }
  const keys = open(freshFolder(), timeline)
  const first = keys.current.kid
  keys.rotate()
  timeline.now = START + 365 * 24 * 60 * MINUTE
  assert.notEqual(keys.current.kid, first)
  timeline.now = START + 5 * MINUTE
  assert.equal(keys.current.kid, first)
  timeline.now = START - 5 * MINUTE
  assert.equal(keys.current.kid, first)
})

test('keys that cannot be read any more verify nothing', () => {
  const timeline = { now: START }
  const folder = freshFolder()
  const keys = open(folder, timeline)
  const { kid } = keys.current
  renameSync(folder, `${folder}-away`)
  timeline.now += 1000
  for (const attempt of [1, 2])
    assert.throws(
      () => keys.find(kid),
      { code: 'ERR_TOKEN_KEYS_UNAVAILABLE', status: 503 },
      String(attempt),
    )
  mkdirSync(folder, { mode: 0o700 })
  assert.throws(() => keys.current, { code: 'ERR_TOKEN_KEY_INVALID' })
  rmSync(folder, { recursive: true })
  renameSync(`${folder}-away`, folder)
  assert.ok(keys.find(kid))
})

test('through ten rotations under load no token that has not expired is refused', () => {
  const timeline = { now: START }
  const folder = freshFolder()
  const [signer, other] = [open(folder, timeline), open(folder, timeline)]
  const verifier = new AccessTokenVerifier({
    keys: other,
    issuer: ISSUER,
    audience: AUDIENCE,
    clockSkew: 0,
    now: at(timeline),
  })
  const live: { readonly token: string; readonly exp: number }[] = []
  const kids = new Set<string>()
  for (let minute = 0; minute < 10 * 90; minute += 5) {
    timeline.now = START + minute * MINUTE
    if (minute % 90 === 0) (minute % 180 === 0 ? signer : other).rotate()
    const iat = timeline.now / 1000
    live.push({
      token: signAccessToken(signer.current, claims({ iat, exp: iat + 3600 })),
      exp: iat + 3600,
    })
    kids.add(signer.current.kid)
    for (const { token, exp } of live) if (exp > iat) verifier.verify(token)
  }
  assert.equal(kids.size, 11)
  assert.ok(readdirSync(folder).length <= 3)
})

test('processes that start at once in a new folder share its one key, and rotate once', async () => {
  const folder = freshFolder()
  const script = new URL('./support/rotating-process.js', import.meta.url)
  const children = Array.from({ length: 6 }, () => fork(script, [folder, '600000']))
  const ends = children.map((child) => once(child, 'exit'))
  await Promise.all(children.map((child) => once(child, 'message')))
  const answers = children.map((child) => once(child, 'message'))
  for (const child of children) child.send('go')
  const lists = (await Promise.all(answers)).map(([kids]) => JSON.stringify(kids))
  assert.equal(readdirSync(folder).length, 2, 'a first key and one next key')
  assert.deepEqual(readdirSync(folder), ['key-000001.json', 'key-000002.json'])
  const kids = JSON.stringify(
    fileKeySet(folder)
      .list()
      .map(({ kid }) => kid),
  )
  assert.deepEqual(new Set(lists), new Set([kids]))
  await Promise.all(ends)
})

test('what a killed process left half-written is no key and goes in time', () => {
  const folder = freshFolder()
  const keys = fileKeySet(folder)
  const draft = join(folder, '.draft-0123456789abcdef')
  writeFileSync(draft, '{"jwk":', { mode: 0o600 })
  keys.rotate()
  assert.equal(fileKeySet(folder).list().length, 2)
  assert.ok(readdirSync(folder).includes('.draft-0123456789abcdef'), 'it may be being written')
})

test('an option that is unknown, of the wrong type or out of bounds is refused by its name', () => {
  const folder = freshFolder()
  assert.throws(
    () => fileKeySet(folder, { algoritm: 'ES256' } as object),
    /unknown option 'algoritm'/,
  )
  assert.throws(() => fileKeySet(folder, { algorithm: 'HS256' } as object), /algorithm must be/)
  assert.throws(() => fileKeySet(folder, { publishAhead: -1 }), /publishAhead must be/)
  assert.throws(() => fileKeySet(folder, { reloadInterval: 60_001 }), /reloadInterval must be/)
  assert.throws(() => fileKeySet(folder).rotate({ compromized: true } as object), /unknown option/)
})
