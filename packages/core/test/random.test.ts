import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RandomText } from '../src/lib/random.js'
import { countedStore } from './support/stores.js'
import { HOUR, World } from './support/world.js'

const LETTERS = 62
/** P(χ² of 61 degrees of freedom > 160) < 10⁻¹⁰, P(< 15) < 10⁻¹⁰. */
const CHI_SQUARE = { low: 15, high: 160 }

/** Draws texts; gives the χ² of each position's letters and the number of texts that came twice. */
function draw(count: number, length: number): { chi: readonly number[]; repeated: number } {
  const random = new RandomText()
  const seen = new Set<string>()
  const counts = Array.from({ length }, () => new Uint32Array(128))
  for (let at = 0; at < count; at++) {
    const text = random.base62(length)
    assert.ok(text.length === length)
    seen.add(text)
    for (let place = 0; place < length; place++) {
      const letters = counts[place]
      if (letters !== undefined)
        letters[text.charCodeAt(place)] = (letters[text.charCodeAt(place)] ?? 0) + 1
    }
  }
  const expected = count / LETTERS
  const chi = counts.map((letters) => {
    const drawn = [...letters.entries()].filter(([code]) =>
      /[0-9A-Za-z]/.test(String.fromCharCode(code)),
    )
    assert.equal(
      drawn.reduce((sum, [, times]) => sum + times, 0),
      count,
      'letters and digits only',
    )
    return drawn.reduce((sum, [, times]) => sum + (times - expected) ** 2 / expected, 0)
  })
  return { chi, repeated: count - seen.size }
}

for (const [name, count, length] of [
  ['ids', 400_000, 22],
  ['verifiers', 200_000, 43],
] as const) {
  test(`${count} ${name}: none comes twice, every letter is as likely at every place`, () => {
    const { chi, repeated } = draw(count, length)
    assert.equal(repeated, 0)
    for (const [place, value] of chi.entries()) {
      assert.ok(value > CHI_SQUARE.low && value < CHI_SQUARE.high, `χ² ${value} at place ${place}`)
    }
  })
}

test('a generator that gives each byte as often gives each letter exactly as often', () => {
  let next = 0
  const random = new RandomText((target) => {
    for (let at = 0; at < target.length; at++) target[at] = next++ % 256
  })
  const counts = new Map<string, number>()
  for (const letter of random.base62(62 * 4 * 100))
    counts.set(letter, (counts.get(letter) ?? 0) + 1)
  assert.equal(counts.size, LETTERS)
  for (const [letter, times] of counts) assert.equal(times, 400, letter)
})

test('random bytes that have been used are wiped from memory', () => {
  let pool: Uint8Array = new Uint8Array(0)
  const random = new RandomText((target) => {
    pool = target
    target.forEach((_, at) => {
      target[at] = 1 + (at % 200)
    })
  })
  random.bytes(64)
  random.base62(22)
  assert.deepEqual([...pool.subarray(0, 86)], Array<number>(86).fill(0))
  assert.ok(
    pool.subarray(86).every((byte) => byte !== 0),
    'and no others',
  )
})

const failures: readonly (readonly [string, () => never | void])[] = [
  [
    'throws',
    () => {
      throw new Error('no entropy')
    },
  ],
  ['fills nothing', () => undefined],
  ['fills later, being asynchronous', () => void Promise.resolve()],
]
for (const [how, fill] of failures) {
  test(`with a generator that ${how}, no session comes to be and nothing is stored`, async () => {
    const { store, take } = countedStore()
    const world = new World({ store, random: fill })
    const refused = { name: 'SessionError', code: 'ERR_SESSION_RANDOM_FAILED' }
    const writes = async (): Promise<unknown> => await world.anonymous()
    await assert.rejects(writes, refused)
    await assert.rejects(() => world.signedIn(), refused)
    assert.equal(take(), 'none')
  })
}

test('when the generator fails later, sign-in, rotation and renewal are refused and the old token stays good', async () => {
  let broken = false
  let fills = 0
  const world = new World({
    random: (target) => {
      if (broken) throw new Error('no entropy')
      fills += 1
      target.forEach((_, at) => {
        target[at] = (at * 97 + fills * 31) % 256
      })
    },
  })
  const browser = await world.signedIn()
  const before = await world.record(browser.id)
  // Uses up the bytes that were drawn while the generator worked.
  await browser.visit((session) => {
    broken = true
    for (let at = 0; at < 1000; at++) {
      try {
        session.csrfToken()
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'ERR_SESSION_RANDOM_FAILED')
        return
      }
    }
    assert.fail('the pool never ran dry')
  })
  const refused = { code: 'ERR_SESSION_RANDOM_FAILED', retryable: true }
  await assert.rejects(() => browser.visit((session) => session.rotate()), refused)
  await assert.rejects(() => browser.visit((session) => session.reauthenticate()), refused)
  world.clock.at += HOUR / 2
  await assert.rejects(() => browser.visit((session) => session.touch()), refused, 'renewal due')
  assert.deepEqual(await world.record(browser.id), before)
  assert.equal(await world.whose(browser.token), 'alice')
  broken = false
  const { action } = await browser.visit((session) => session.set('a', 1))
  assert.equal(action.kind, 'set')
})

test('a generator that repeats itself never overwrites a session', async () => {
  const world = new World({
    random: (target) => {
      target.forEach((_, at) => {
        target[at] = at % 65 === 64 ? 255 : (at % 65) + 1
      })
    },
  })
  const first = await world.signedIn('alice')
  const second = new World({
    store: world.store,
    random: (target) => {
      target.forEach((_, at) => {
        target[at] = at % 65 === 64 ? 255 : (at % 65) + 1
      })
    },
  })
  await assert.rejects(() => second.signedIn('mallory'), { code: 'ERR_SESSION_RANDOM_FAILED' })
  assert.equal(await world.whose(first.token), 'alice')
})
