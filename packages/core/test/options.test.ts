import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSessions, type SessionsOptions } from '@holdfast/core'
import { memoryStore } from '@holdfast/memory'
import { wrapStore } from './support/stores.js'
import { KEY, wrong } from './support/world.js'

type Options = SessionsOptions

function start(options: Readonly<Record<string, unknown>>): void {
  createSessions(
    wrong<Options>({ store: memoryStore(), keys: [KEY], sweepInterval: Infinity, ...options }),
  )
}

const text = ['30', Object('x')]
const number = [5, NaN]
const others = [true, {}, [], Symbol('x'), 10n]
const noFunction = ['now', 5, {}, true]
const noStore = [
  undefined,
  null,
  'memory',
  {},
  { capabilities: {} },
  wrapStore(memoryStore(), wrong({ find: undefined })),
  wrapStore(memoryStore(), wrong({ capabilities: null })),
  wrapStore(memoryStore(), wrong({ revoke: 'yes' })),
]

/** Values of a wrong type: each is a TypeError that begins with the option's path. */
const wrongTypes: Readonly<Record<string, readonly unknown[]>> = {
  preset: ['aal4', '', 'toString', '__proto__', null, 2, ...others],
  idleTimeout: [...text, null, ...others],
  absoluteTimeout: [...text, null, ...others],
  renewalTimeout: [...text, null, ...others],
  rotationGrace: [...text, null, ...others],
  maxSessionsPerSubject: [...text, null, ...others],
  onLimit: ['evict', '', 5, ...others],
  deviationReason: ['', '  ', null, ...number, ...others],
  namespace: [...number, ...others],
  sharedNamespace: [...number, ...others],
  schema: [
    null,
    'zod',
    5,
    {},
    { '~standard': {} },
    { '~standard': { validate: 'yes' } },
    () => undefined,
  ],
  migrate: [null, ...noFunction],
  dataVersion: [...text, null, ...others],
  maxDataBytes: [...text, null, ...others],
  store: noStore,
  production: ['true', 1, null, {}],
  tenant: [...number, ...others],
  client: ['full', 5, true, null],
  storeTimeout: [...text, ...others],
  sweepInterval: [...text, ...others],
  cacheSize: [...text, null, ...others],
  clock: [null, ...noFunction],
  random: [null, ...noFunction],
}
for (const [name, values] of Object.entries(wrongTypes)) {
  test(`wrong types of ${name} are a TypeError that names it`, () => {
    for (const value of values) {
      assert.throws(
        () => start({ [name]: value }),
        (error) => error instanceof TypeError && error.message.startsWith(name),
        `${name}: ${typeof value}`,
      )
    }
  })
}

const noCount = [0, -1, 1.5, NaN, -Infinity, 2 ** 53]
/** Values of the right type that are not allowed: each is ERR_SESSION_CONFIG that names the option. */
const wrongValues: Readonly<Record<string, readonly unknown[]>> = {
  idleTimeout: [...noCount, Infinity],
  absoluteTimeout: [...noCount, Infinity],
  renewalTimeout: noCount,
  rotationGrace: [-1, 0.5, NaN, Infinity, 30_001],
  maxSessionsPerSubject: noCount,
  namespace: ['', 'App', 'a:b', 'a b', 'a'.repeat(33), 'ä', 'a\n', '__PROTO__'],
  sharedNamespace: ['', 'a.b', 'a'.repeat(33)],
  dataVersion: [...noCount, Infinity],
  maxDataBytes: [...noCount, Infinity],
  storeTimeout: [...noCount, Infinity, 2 ** 31],
  sweepInterval: [...noCount, 2 ** 31],
  cacheSize: [-1, 0.5, NaN, Infinity],
}
for (const [name, values] of Object.entries(wrongValues)) {
  test(`values of ${name} that are not allowed are ERR_SESSION_CONFIG that names it`, () => {
    for (const value of values) {
      const expected = {
        name: 'SessionError',
        code: 'ERR_SESSION_CONFIG',
        message: new RegExp(name),
      }
      assert.throws(() => start({ [name]: value }), expected, `${name}: ${String(value)}`)
    }
  })
}

test('wrong parts of the client option are a TypeError that names them', () => {
  for (const [part, values] of Object.entries({
    address: ['Full', '', 5, true, {}],
    userAgent: ['prefix', '', 5, {}],
    label: [null, ...noFunction],
    bind: [null, ...noFunction],
  })) {
    for (const value of values) {
      assert.throws(
        () => start({ client: { [part]: value } }),
        (error) => error instanceof TypeError && error.message.startsWith(`client.${part}`),
      )
    }
  }
})

test('an option of an unknown name is refused, so that a typing error never weakens a policy', () => {
  for (const name of [
    'idletimeout',
    'ttl',
    'maxAge',
    'secret',
    'cookie',
    'Store',
    'constructor',
    '',
  ]) {
    assert.throws(
      () => start({ [name]: 1 }),
      (error) => error instanceof TypeError && error.message.startsWith(`unknown option '${name}'`),
    )
  }
})

test('a client option of an unknown name is refused, so that a typing error never keeps more than was meant', () => {
  for (const name of ['adress', 'useragent', 'ip']) {
    assert.throws(
      () => start({ client: { [name]: 'none' } }),
      (error) => error instanceof TypeError && error.message.includes(`client.${name}`),
    )
  }
})

test('no options, or something else than an object, is a TypeError', () => {
  for (const value of [undefined, null, 'x', 5, true])
    assert.throws(
      () => createSessions(wrong<Options>(value)),
      /^TypeError: options must be an object/,
    )
})

test('options that contradict each other are refused', () => {
  const config = { code: 'ERR_SESSION_CONFIG' }
  assert.throws(() => start({ namespace: 'shared' }), config)
  assert.throws(() => start({ namespace: 'a', sharedNamespace: 'a' }), config)
  assert.throws(() => start({ migrate: (data: object) => data }), config)
})

test('production refuses a store that forgets revocations, and takes a durable one', () => {
  assert.throws(() => start({ production: true }), {
    code: 'ERR_SESSION_STORE_UNSUPPORTED',
    message: /the memory store forgets revocations/,
  })
  const inner = memoryStore()
  const durable = wrapStore(inner, { capabilities: { ...inner.capabilities, durable: true } })
  start({ production: true, store: durable })
})

test('a store that says it pushes but cannot be watched is refused', () => {
  const store = wrapStore(memoryStore())
  delete (store as { watch?: unknown }).watch
  assert.throws(() => start({ store }), { name: 'TypeError', message: /^store.*watch/ })
})

test('refused options start nothing: no timer, no watch', () => {
  let watched = 0
  const store = wrapStore(memoryStore(), {
    watch: () => {
      watched += 1
      return () => undefined
    },
  })
  for (const bad of [{ keys: [] }, { idleTimeout: -1 }, { maxDataBytes: 0 }, { client: 5 }])
    assert.throws(() => start({ store, sweepInterval: 1000, ...bad }))
  assert.equal(watched, 0)
})

test('every documented option is taken', () => {
  start({
    preset: 'aal1',
    idleTimeout: 1000,
    absoluteTimeout: 2000,
    renewalTimeout: 500,
    rotationGrace: 0,
    maxSessionsPerSubject: 5,
    onLimit: 'reject',
    deviationReason: 'none needed',
    namespace: 'shop_2-a',
    sharedNamespace: 'all',
    schema: {
      '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
    },
    dataVersion: 2,
    migrate: (data: object) => data,
    maxDataBytes: 1,
    production: false,
    tenant: 'acme',
    client: { address: 'none', userAgent: 'none', label: () => null, bind: () => null },
    storeTimeout: 1,
    cacheSize: 0,
    clock: Date.now,
    random: (target: Uint8Array) => crypto.getRandomValues(target),
  })
})
