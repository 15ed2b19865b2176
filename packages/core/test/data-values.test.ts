import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { SessionError, type JsonValue } from '@holdfast/core'
import { type Browser, request, wrong, World } from './support/world.js'

const world = new World()

async function roundTrip(browser: Browser, value: JsonValue): Promise<JsonValue | undefined> {
  await browser.visit((session) => session.set('value', value))
  return (await browser.visit((session) => session.get('value'))).value
}

const deep = (levels: number): JsonValue => (levels === 0 ? 1 : [deep(levels - 1)])

const accepted: Readonly<Record<string, JsonValue>> = {
  null: null,
  true: true,
  false: false,
  zero: 0,
  'a fraction': 0.1,
  'the largest number': Number.MAX_VALUE,
  'the smallest number': Number.MIN_VALUE,
  'the largest whole number': Number.MAX_SAFE_INTEGER,
  'a larger whole number': 2 ** 60,
  'an empty text': '',
  'text with control characters': '\0\u0001\n\r\t\u001b\u2028\u2029"\\',
  emoji: '👩‍👩‍👧‍👦 \u{1f600}',
  'an empty array': [],
  'an array': [1, 'a', null, [true]],
  'an empty object': {},
  'an object': { a: 1, b: { c: [null] } },
  'an object with names of methods': {
    constructor: 1,
    toString: 'x',
    hasOwnProperty: null,
    valueOf: 1,
  },
  'an object with odd names': { '': 1, ' ': 2, 'a.b': 3, '#': 4, '\n': 5, 'app:x': 6 },
  'an object whose toJSON is a value': { toJSON: 'x' },
  'the same object twice': ((): JsonValue => {
    const part = { a: 1 }
    return [part, part]
  })(),
  '64 levels': deep(64),
}
for (const [name, value] of Object.entries(accepted)) {
  test(`survives: ${name}`, async () => {
    assert.deepEqual(await roundTrip(await world.anonymous(), value), value)
  })
}

class Point {
  readonly x = 'do not print me'
}
const cycle: unknown[] = ['do not print me']
cycle.push(cycle)
const sparse = Array<unknown>(3)
sparse[0] = 'do not print me'
const disguised: unknown[] = []
disguised.length = 1
Object.assign(disguised, { extra: 'do not print me' })
class Points extends Array<string> {}
const hiddenToJson = ['do not print me']
Object.defineProperty(hiddenToJson, 'toJSON', { value: () => 'another' })
const mine = Symbol('do not print me')

/** Each value, and the place that the message names. */
const refused: Readonly<Record<string, readonly [value: unknown, place: string]>> = {
  undefined: [undefined, 'value'],
  'undefined inside': [{ a: { b: undefined } }, 'value.a.b'],
  'undefined in an array': [[1, undefined], 'value[1]'],
  NaN: [NaN, 'value'],
  Infinity: [[Infinity], 'value[0]'],
  '-Infinity': [{ a: -Infinity }, 'value.a'],
  '-0': [{ a: [0, -0] }, 'value.a[1]'],
  'a bigint': [10n, 'value'],
  'a symbol': [mine, 'value'],
  'a function': [{ f: () => 'do not print me' }, 'value.f'],
  'a date': [{ at: new Date(0) }, 'value.at'],
  'an invalid date': [new Date(NaN), 'value'],
  'a map': [new Map([['do not print me', 1]]), 'value'],
  'a set': [new Set([1]), 'value'],
  'a regular expression': [/do not print me/, 'value'],
  'an error': [new Error('do not print me'), 'value'],
  'a promise': [Promise.resolve('do not print me'), 'value'],
  'a class instance': [[new Point()], 'value[0]'],
  'an object with a prototype of its own': [Object.create({ inherited: 1 }), 'value'],
  'a String object': [Object('do not print me'), 'value'],
  'a Number object': [Object(1), 'value'],
  bytes: [new Uint8Array(2), 'value'],
  'a Buffer': [Buffer.from('do not print me'), 'value'],
  'a symbol as a key': [{ [mine]: 1 }, 'value'],
  'an accessor': [
    {
      get a(): string {
        return 'do not print me'
      },
    },
    'value.a',
  ],
  'a hidden property': [Object.defineProperty({}, 'a', { value: 1 }), 'value.a'],
  'a toJSON function': [{ toJSON: () => 1 }, 'value'],
  'a key __proto__': [JSON.parse('{"a":{"__proto__":{"admin":true}}}'), 'value.a'],
  'a lone surrogate': [{ a: 'do not print me\ud800' }, 'value.a'],
  'a key with a lone surrogate': [{ 'a\udfff': 1 }, 'value'],
  'an array with holes': [sparse, 'value'],
  'an array with a hole and an extra property': [disguised, 'value'],
  'an array with an extra property': [Object.assign([1], { a: 1 }), 'value'],
  'an array with a symbol as a key': [Object.assign([1], { [mine]: 1 }), 'value'],
  'an array of a class of its own': [Points.from(['do not print me']), 'value'],
  'an array with a hidden toJSON': [hiddenToJson, 'value'],
  'a cycle': [cycle, 'value[1]'],
  '65 levels': [deep(65), 'value[0]'],
}
for (const [name, [value, place]] of Object.entries(refused)) {
  test(`refused with its place, and nothing is written: ${name}`, async () => {
    const browser = await world.anonymous({ value: 'before' })
    const assertRefused = (error: unknown): boolean => {
      assert.ok(error instanceof SessionError)
      assert.equal(error.code, 'ERR_SESSION_DATA_INVALID')
      assert.ok(error.message.includes(`'${place}`), error.message)
      assert.ok(!error.message.includes('do not print me'))
      return true
    }
    await browser.visit(async (session) => {
      const bad = wrong<JsonValue>(value)
      assert.throws(() => session.set('value', bad), assertRefused)
      assert.throws(() => session.shared.set('value', bad), assertRefused)
      assert.throws(() => session.flash('value', bad), assertRefused)
      // Undefined removes a value, and a promise is refused as such: see update.test.ts.
      if (value === undefined || value instanceof Promise) return
      await assert.rejects(() => session.update('value', () => bad), assertRefused)
    })
    await browser.visit(async (session) => {
      assert.equal(session.get('value'), 'before')
      assert.deepEqual([session.shared.keys(), await session.takeFlash('value')], [[], undefined])
    })
  })
}

test('whatever JSON gives back as it was is stored and read as it was', async () => {
  const browser = await world.anonymous()
  const value = fc
    .jsonValue({ maxDepth: 5 })
    .filter((any) => !JSON.stringify(any).includes('__proto__'))
  await fc.assert(
    fc.asyncProperty(value, async (any) => {
      const copy = JSON.parse(JSON.stringify(any)) as JsonValue
      assert.deepEqual(await roundTrip(browser, copy), copy)
    }),
    { numRuns: 500, seed: 9 },
  )
})

test('whatever else is offered either reads back as it was or is refused with a code', async () => {
  const browser = await world.anonymous()
  await fc.assert(
    fc.asyncProperty(
      fc.anything({ withDate: true, withMap: true, withSparseArray: true }),
      async (any) => {
        try {
          const back = await roundTrip(browser, wrong(any))
          assert.equal(JSON.stringify(back), JSON.stringify(any))
          // Null prototypes are not kept, which no reader can tell by the values.
          assert.deepEqual(structuredClone(back), structuredClone(any))
        } catch (error) {
          if (error instanceof assert.AssertionError) throw error
          assert.equal((error as SessionError).code, 'ERR_SESSION_DATA_INVALID')
        }
      },
    ),
    { numRuns: 1000, seed: 10 },
  )
})

test('what is read is frozen through and through, also within the request that wrote it', async () => {
  const browser = await world.anonymous({ value: { list: [{ a: 1 }] } })
  const freshly: { list: { a: number }[] } = { list: [{ a: 2 }] }
  await browser.visit((session) => {
    const value = wrong<{ list: { a: number }[] }>(session.get('value'))
    assert.throws(() => value.list.push({ a: 2 }), TypeError)
    assert.throws(() => Object.assign(value.list[0] ?? {}, { a: 3 }), TypeError)
    assert.throws(() => Object.assign(value, { b: 1 }), TypeError)
    session.set('value', freshly)
    freshly.list.push({ a: 9 })
    assert.deepEqual(session.get('value'), { list: [{ a: 2 }] }, 'later changes stay outside')
    assert.ok(Object.isFrozen(session.get('value')))
  })
  assert.ok(!Object.isFrozen(freshly), 'the own object of the caller is left alone')
})

test('a key named like a method of objects is a key like any other, and pollutes nothing', async () => {
  const names = [
    'constructor',
    'toString',
    'hasOwnProperty',
    'prototype',
    'then',
    'subject',
    'id',
    'version',
  ]
  const browser = await world.anonymous({ seen: true })
  await browser.visit((session) => {
    for (const name of names) assert.equal(session.get(name), undefined, name)
    for (const name of names) session.set(name, { admin: true })
  })
  const { value } = await browser.visit((session) => [session.subject, session.id, session.keys()])
  assert.deepEqual(value, [null, browser.id, ['seen', ...names]])
  assert.equal(wrong<{ admin?: boolean }>({}).admin, undefined)
  const { value: other } = await request(world, null, (session) => session.get('constructor'))
  assert.equal(other, undefined)
})
