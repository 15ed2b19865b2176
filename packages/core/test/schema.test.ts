import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SessionError, type StandardResult, type StandardSchema } from '@holdfast/core'
import { memoryStore } from '@holdfast/memory'
import { type AnyData, type Browser, request, wrong, World } from './support/world.js'

type Result = StandardResult<AnyData> | Promise<StandardResult<AnyData>>

/** A schema of one's own, as any library of that standard offers it. */
function schemaOf(validate: (value: AnyData) => Result): StandardSchema<AnyData> {
  return {
    '~standard': { version: 1, vendor: 'test', validate: (value) => validate(value as AnyData) },
  }
}

/** A session with this data, and a manager that reads it by a schema. */
async function stored(
  data: AnyData,
  validate: (value: AnyData) => Result,
): Promise<{ world: World; browser: Browser; plain: World }> {
  const store = memoryStore()
  const plain = new World({ store })
  const { token } = await plain.anonymous(data)
  const world = new World({ store, schema: schemaOf(validate) })
  const browser = await world.anonymous({})
  browser.jar = token
  return { world, browser, plain }
}

test('a value that the schema converts is what the application reads, everywhere', async () => {
  const { browser } = await stored({ n: '5', kept: 'x' }, (value) => ({
    value: { ...value, n: Number(value['n'] ?? 0) },
  }))
  await browser.visit(async (session) => {
    assert.equal(session.get('n'), 5)
    assert.equal(session.get('kept'), 'x')
    const seen: unknown[] = []
    const updated = await session.update('n', (n) => {
      seen.push(n)
      return Number(n) + 1
    })
    assert.deepEqual(seen, [5], 'by the function of update() too')
    assert.equal(updated, 6)
    assert.equal(session.get('n'), 6)
  })
})

test('data that does not fit is refused by the names of its places, never by its values', async () => {
  const { browser } = await stored({ email: 'mallory@example.org', n: 1 }, () => ({
    issues: [
      { message: 'mallory@example.org is no number', path: ['email'] },
      { message: 'again', path: ['email'] },
      { message: 'deeper', path: ['list', 3, { key: 'name' }] },
      { message: 'at the top' },
      { message: 'at the top too', path: [] },
    ],
  }))
  await browser.visit((session) => {
    const refused = (error: unknown): boolean => {
      assert.ok(error instanceof SessionError)
      assert.equal(error.code, 'ERR_SESSION_DATA_INVALID')
      assert.equal(
        error.message,
        "the session's data does not fit its schema at email, list.3.name, (root)",
      )
      return true
    }
    assert.throws(() => session.get('email'), refused)
    assert.throws(() => session.get('email'), refused, 'and again at the second try')
    assert.throws(() => session.get('n'), refused)
    assert.throws(() => session.has('n'), refused)
  })
})

test('data that does not fit can still be ended, and the session signed out', async () => {
  const { browser, world } = await stored({ n: 1 }, () => ({ issues: [{ message: 'no' }] }))
  const { token } = browser
  await browser.visit((session) => session.revoke())
  assert.equal(await world.whose(token), 'revoked')
})

test('a schema that answers later is refused, and its own failure crashes nothing', async () => {
  const unhandled: unknown[] = []
  const listen = (error: unknown): unknown => unhandled.push(error)
  process.on('unhandledRejection', listen)
  for (const later of [
    (value: AnyData): Result => Promise.resolve({ value }),
    (): Result => Promise.reject(new Error('later')),
  ]) {
    const { browser } = await stored({ n: 1 }, later)
    await browser.visit((session) => {
      const refused = { code: 'ERR_SESSION_CONFIG', message: /synchronous schema/ }
      assert.throws(() => session.get('n'), refused)
      assert.throws(() => session.get('n'), refused)
    })
  }
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', listen)
  assert.deepEqual(unhandled, [])
})

test('the schema runs once a request, only when the application reads its own data', async () => {
  let runs = 0
  const { browser } = await stored({ n: 1 }, (value) => {
    runs += 1
    return { value }
  })
  await browser.visit((session) => [
    session.subject,
    session.id,
    session.shared.get('x'),
    session.shared.keys(),
  ])
  assert.equal(runs, 0)
  await browser.visit((session) => [
    session.get('n'),
    session.get('n'),
    session.has('x'),
    session.keys(),
  ])
  assert.equal(runs, 1)
})

test('the schema sees this application’s data and nothing else', async () => {
  const seen: AnyData[] = []
  const { browser, plain } = await stored({ n: 1 }, (value) => {
    seen.push(value)
    return { value }
  })
  await request(plain, browser.token, (session) => {
    session.shared.set('shared', 1)
    session.flash('note', 'x')
  })
  await browser.visit((session) => session.get('n'))
  assert.deepEqual(seen, [{ n: 1 }])
})

test('what the request writes after reading is what it reads', async () => {
  const { browser } = await stored({ n: 1 }, (value) => ({ value: { ...value, n: 100 } }))
  await browser.visit((session) => {
    assert.equal(session.get('n'), 100)
    session.set('n', 2)
    assert.equal(session.get('n'), 2)
    session.unset('n')
    assert.equal(session.has('n'), false)
  })
})

test('reading by a schema writes nothing', async () => {
  const { browser, world } = await stored({ n: '1' }, (value) => ({ value: { ...value, n: 1 } }))
  const before = await world.record(browser.id)
  await browser.visit((session) => session.get('n'))
  assert.deepEqual(await world.record(browser.id), before)
})

test('a schema that gives what JSON cannot hold is refused with the place', async () => {
  const { browser } = await stored({ at: '2026-01-01' }, (value) => ({
    value: { ...value, at: wrong(new Date(JSON.stringify(value['at']).slice(1, -1))) },
  }))
  await browser.visit((session) =>
    assert.throws(() => session.get('at'), { code: 'ERR_SESSION_DATA_INVALID', message: /'at'/ }),
  )
})

test('a schema that throws: its own error, at every read', async () => {
  const own = new Error('of the schema')
  const { browser } = await stored({ n: 1 }, () => {
    throw own
  })
  await browser.visit((session) => {
    assert.throws(() => session.get('n'), own)
    assert.throws(() => session.get('n'), own)
  })
})

test('a stored text that is no JSON is ERR_SESSION_STORE_CORRUPT with the key, never the text', async () => {
  const world = new World()
  const browser = await world.anonymous({ n: 1 })
  const record = await world.record(browser.id)
  await world.store.update(browser.id, {
    now: world.clock.at,
    ifVersion: record.version,
    set: new Map([['app:n', '{"secret": do not print me']]),
  })
  await browser.visit((session) =>
    assert.throws(
      () => session.get('n'),
      (error) => {
        assert.ok(error instanceof SessionError && error.code === 'ERR_SESSION_STORE_CORRUPT')
        assert.ok(error.message.includes("'n'") && !error.message.includes('secret'))
        assert.equal(error.cause, undefined)
        return true
      },
    ),
  )
})
