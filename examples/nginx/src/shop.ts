import { dirname } from 'node:path'
import { createRequire } from 'node:module'
import type { AppClient } from '@holdfast/client'
import { type DaemonSession, daemonSession } from '@holdfast/client/middleware'
import { Attempts, checkPassword, html, Problem, toProblem } from '@holdfast/example-express/kit'
import { safeReturnTo } from '@holdfast/http'
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express'
import { page, PAGE_HEADERS, smallPage } from './pages.js'

const LOOK = dirname(
  createRequire(import.meta.url).resolve('@holdfast/example-express/public/site.css'),
)

/** The first application, on Express: it signs in, and keeps a cart in the session that the daemon holds. */
export function createShop(client: AppClient): Express {
  const attempts = new Attempts()
  const shop = express()
  shop.disable('x-powered-by').disable('etag')
  shop.use('/assets', express.static(LOOK, { index: false }))
  shop.use((_req, res, next) => {
    res.set(PAGE_HEADERS)
    next()
  })
  shop.use(daemonSession(client), express.urlencoded({ extended: false, limit: '8kb' }))

  shop.get('/', (req, res) => void res.send(cartPage(sessionOf(req))))
  shop.post('/add', async (req, res) => {
    await sessionOf(req).update('items', (items) => (typeof items === 'number' ? items + 1 : 1))
    res.redirect(303, '/')
  })
  shop.get('/login', (req, res) => void res.send(signInPage(returnTo(req.query['return_to']))))
  shop.post('/login', signIn(attempts))
  shop.post('/logout', async (req, res) => {
    await sessionOf(req).revoke('logout')
    res.redirect(303, '/login')
  })
  shop.use((_req, res) => {
    res
      .status(404)
      .send(smallPage('Not found', html`<p class="lead">There is no such page here.</p>`))
  })
  shop.use(fail)
  return shop
}

function signIn(attempts: Attempts): RequestHandler {
  return async (req: Request, res: Response) => {
    const { account, password, return_to } = Object(req.body)
    if (typeof account !== 'string' || typeof password !== 'string' || password.length > 1024)
      throw new Problem(400, 'bad_request', 'The form is not complete.')
    // nginx is the only one who can ask this application, so what it says of the visitor is true.
    const address = String(req.headers['x-forwarded-for'] ?? '')
    const right = await attempts.run(account, address, () => checkPassword(account, password))
    if (!right) {
      res.status(401).send(signInPage(returnTo(return_to), 'The account or the password is wrong.'))
      return
    }
    await sessionOf(req).authenticate(account, { methods: ['pwd'] })
    res.redirect(303, returnTo(return_to))
  }
}

function cartPage(session: DaemonSession): string {
  const items = session.get('items')
  return page(
    `Hello, ${session.subject ?? 'stranger'}`,
    html`
      <p class="lead">
        Things in your cart: <strong id="items">${typeof items === 'number' ? items : 0}</strong>
      </p>
      <div class="actions">
        <form method="post" action="/add"><button class="primary">Add one</button></form>
        <form method="post" action="/logout"><button>Sign out</button></form>
      </div>
      <p class="hint">
        The session is the daemon's. The panel sees it too, and a sign-out ends both.
      </p>
    `,
  )
}

function signInPage(back: string, problem: string | null = null): string {
  return smallPage(
    'Sign in',
    html`
      ${problem === null ? null : html`<p class="problem" role="alert">${problem}</p>`}
      <form method="post" action="/login" class="card stack">
        <input type="hidden" name="return_to" value="${back}" />
        <label for="account">Account</label>
        <input id="account" name="account" autocomplete="username" required />
        <label for="password">Password</label>
        <input
          id="password"
          name="password"
          type="password"
          autocomplete="current-password"
          required
        />
        <button class="primary">Sign in</button>
      </form>
      <p class="hint">Accounts: demo1 and demo2, password holdfast-demo</p>
    `,
  )
}

function returnTo(value: unknown): string {
  return safeReturnTo(typeof value === 'string' ? value : '/')
}

function sessionOf(req: Request): DaemonSession {
  const { session } = Object(req)
  return session
}

const fail: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (res.headersSent) {
    next(error)
    return
  }
  const { status, message } = toProblem(error)
  res.status(status).send(smallPage('That did not work', html`<p class="problem">${message}</p>`))
}
