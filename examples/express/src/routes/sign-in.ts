import { clearSiteData, safeReturnTo } from '@holdfast/http'
import type { Sessions } from '@holdfast/core'
import type { SessionData } from '@holdfast/express'
import { type Request, type Response, Router } from 'express'
import { checkPassword } from '../accounts.js'
import { Attempts } from '../attempts.js'
import type { PageParts, Visit } from '../pages/layout.js'
import { reauthenticatePage, type SignInState, signInPage } from '../pages/sign-in.js'
import { Problem, toProblem } from '../problem.js'
import { allowOnly, done, fieldsOf, sendPage, signedIn, textField, wantsJson } from '../respond.js'

const METHODS = { methods: ['pwd'] } as const

/** Signing in, proving oneself again, signing out. */
export function signInRoutes(sessions: Sessions<SessionData>): Router {
  const router = Router()
  const attempts = new Attempts()

  router
    .route('/login')
    .get(async (req, res) => {
      const returnTo = safeReturnTo(req.query['returnTo'])
      if (req.session.subject === null)
        await sendPage(req, res, (visit) => signInPage(visit, { returnTo }))
      else res.redirect(303, returnTo)
    })
    .post(
      orFormAgain(signInPage, async (req, res) => {
        const username = textField(req, 'username')
        const remember = rememberField(req)
        await prove(attempts, req, username)
        await req.session.authenticate(username, { ...METHODS, remember })
        const { subject, id: sessionId } = req.session
        done(req, res, { json: { subject, sessionId }, to: returnToField(req) })
      }),
    )
    .all(allowOnly('GET', 'POST'))

  router
    .route('/reauthenticate')
    .get(async (req, res) => {
      signedIn(req)
      const returnTo = safeReturnTo(req.query['returnTo'])
      await sendPage(req, res, (visit) => reauthenticatePage(visit, { returnTo }))
    })
    .post(
      orFormAgain(reauthenticatePage, async (req, res) => {
        await prove(attempts, req, signedIn(req))
        await req.session.reauthenticate(METHODS)
        const { subject, id: sessionId } = req.session
        done(req, res, { json: { subject, sessionId }, to: returnToField(req) })
      }),
    )
    .all(allowOnly('GET', 'POST'))

  router
    .route('/logout')
    .post(async (req, res) => {
      await req.session.revoke('logout')
      signedOut(req, res)
    })
    .all(allowOnly('POST'))

  router
    .route('/logout-others')
    .post(async (req, res) => {
      signedIn(req)
      const ended = await req.session.revokeOthers()
      const notice =
        ended === 1 ? 'One other device was signed out.' : `${ended} other devices were signed out.`
      done(req, res, { json: { ended }, to: '/sessions', notice })
    })
    .all(allowOnly('POST'))

  router
    .route('/logout-everywhere')
    .post(async (req, res) => {
      const ended = await sessions.revokeAll(signedIn(req), { reason: 'logout_everywhere' })
      await req.session.revoke('logout_everywhere')
      signedOut(req, res, ended)
    })
    .all(allowOnly('POST'))

  return router
}

/** Throws 401 unless the request brings the password of the account, 429 after too many wrong ones. */
async function prove(attempts: Attempts, req: Request, account: string): Promise<void> {
  const password = textField(req, 'password')
  const right = await attempts.run(account, req.ip ?? '', () => checkPassword(account, password))
  if (!right) throw new Problem(401, 'wrong_credentials', 'The account or the password is wrong.')
}

/** Shows a refused form again, with what is wrong; scripts get the problem as it is. */
function orFormAgain(
  page: (visit: Visit, state: SignInState) => PageParts,
  handler: (req: Request, res: Response) => Promise<void>,
): (req: Request, res: Response) => Promise<void> {
  return async (req, res) => {
    try {
      await handler(req, res)
    } catch (error) {
      const problem = toProblem(error)
      if (
        wantsJson(req) ||
        ![400, 401, 429].includes(problem.status) ||
        !(error instanceof Problem) ||
        problem.code === 'not_signed_in'
      )
        throw error
      const username = fieldsOf(req).get('username')
      const state = { returnTo: returnToField(req), problem }
      res.status(problem.status).set(problem.headers)
      await sendPage(req, res, (visit) =>
        page(visit, typeof username === 'string' ? { ...state, username } : state),
      )
    }
  }
}

function rememberField(req: Request): boolean {
  const remember = fieldsOf(req).get('remember') ?? false
  if (typeof remember === 'boolean') return remember
  if (remember === 'yes') return true
  throw new Problem(400, 'bad_request', 'The field remember must be true or false.')
}

function returnToField(req: Request): string {
  return safeReturnTo(fieldsOf(req).get('returnTo'))
}

/**
 * `"cookies"` is left out: our own Set-Cookie ends ours, and the browser would delete those of every other site on localhost,
 * for cookies do not know ports.
 */
function signedOut(req: Request, res: Response, ended?: number): void {
  res.set('Clear-Site-Data', clearSiteData(['cache', 'storage']))
  done(req, res, { json: ended === undefined ? {} : { ended }, to: '/' })
}
