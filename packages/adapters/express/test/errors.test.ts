import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listen } from '@holdfast/conformance/adapter'
import { createSessions, type Sessions } from '@holdfast/core'
import type { SessionStore } from '@holdfast/core/store'
import { memoryStore } from '@holdfast/memory'
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import { session } from '../src/index.js'

interface Site {
  readonly sessions: Sessions
  readonly store: SessionStore
  readonly get: (
    path: string,
  ) => Promise<{ readonly status: number; readonly headers: Headers; readonly body: string }>
}

/** Runs `body` on an application with these routes; `broken` makes its store refuse every write. */
async function withApp(
  broken: boolean,
  mount: (app: Express, sessions: Sessions) => void,
  body: (site: Site) => Promise<void>,
): Promise<void> {
  const store = memoryStore()
  if (broken) store.insert = () => Promise.reject(new Error('the disk is gone'))
  const sessions = createSessions({ store, keys: ['errors-test-key-0123456789abcdefghijkl'] })
  const app = express()
  app.set('env', 'production')
  app.use(session(sessions, { development: true }))
  mount(app, sessions)
  const { port, close } = await listen(app)
  const get: Site['get'] = async (path) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`)
    return { status: response.status, headers: response.headers, body: await response.text() }
  }
  try {
    await body({ sessions, store, get })
  } finally {
    await close()
    await sessions.close()
  }
}

const plain: RequestHandler = (req, res) => {
  req.session.set('a', 1)
  res.set('X-Own', 'yes').send('of the application')
}

test("a store that fails is Express's own 503 where the application has no error handler", async () => {
  await withApp(
    true,
    (app) => app.use(plain),
    async ({ get }) => {
      const { status, headers, body } = await get('/')
      assert.equal(status, 503)
      assert.deepEqual(headers.getSetCookie(), [])
      assert.ok(!body.includes('of the application'))
    },
  )
})

test('an error handler that takes its time answers in place of a response that is complete', async () => {
  await withApp(
    true,
    (app) => {
      app.use(plain)
      app.use(slowly)
    },
    async ({ get }) => {
      const { status, body } = await get('/')
      assert.equal(status, 503)
      assert.equal(body, 'refused: 503')
    },
  )
})

test('an application that streams on adds nothing to the answer of a slow error handler', async () => {
  let ended = 0
  await withApp(
    true,
    (app) => {
      app.use(async (req, res) => {
        req.session.set('a', 1)
        for (let at = 0; at < 30; at++) {
          res.write('of the application')
          await new Promise(setImmediate)
        }
        res.end('of the application', () => {
          ended += 1
        })
      })
      app.use(slowly)
    },
    async ({ get }) => {
      const { status, headers, body } = await get('/')
      assert.equal(status, 503)
      assert.ok(['', 'refused: 503'].includes(body), body)
      assert.deepEqual(headers.getSetCookie(), [])
    },
  )
  assert.ok(ended <= 1)
})

const slowly: ErrorRequestHandler = async (
  error: { readonly status?: number },
  _req,
  res,
  next,
) => {
  await new Promise((resolve) => setTimeout(resolve, 5))
  if (res.headersSent) next(error)
  else res.status(error.status ?? 500).send(`refused: ${error.status}`)
}

test('errors that handlers meet get their HTTP status', async () => {
  await withApp(
    false,
    (app) => {
      app.get('/fresh', (req) => {
        req.session.requireFresh({ maxAge: 1000 })
      })
      app.get('/data', (req) => {
        Object(req.session).set('date', new Date(Number.NaN))
      })
      app.get('/own', () => {
        throw Object.assign(new Error('own'), { status: 418 })
      })
    },
    async ({ get }) => {
      assert.equal((await get('/fresh')).status, 401)
      assert.equal((await get('/data')).status, 500)
      assert.equal((await get('/own')).status, 418)
    },
  )
})

test('session() mounted twice is an error of the programmer, told by name', async () => {
  await withApp(
    false,
    (app, sessions) => {
      app.use(session(sessions))
      app.use(((error: Error, _req, res, _next) => {
        res.status(500).send(error.message)
      }) as ErrorRequestHandler)
    },
    async ({ get }) => {
      assert.match((await get('/')).body, /session\(\) is mounted twice/)
    },
  )
})

test('wrong options are told by their names', () => {
  const sessions = createSessions({
    store: memoryStore(),
    keys: ['errors-test-key-0123456789abcdefghijkl'],
    sweepInterval: Infinity,
  })
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ trustProxy: 'loopback' }, /trustProxy/],
    [{ countsAsActivity: true }, /countsAsActivity/],
    [{ cookie: { name: 'plain' } }, /cookie\.name/],
    [{ development: 'yes' }, /development/],
    [{ bearer: 1 }, /bearer/],
    [{ developement: true }, /developement/],
  ]
  for (const [options, message] of wrong) {
    assert.throws(
      () => Reflect.apply(session, undefined, [sessions, options]),
      (error) => {
        assert.ok(error instanceof TypeError)
        assert.match(error.message, message)
        return true
      },
    )
  }
})
