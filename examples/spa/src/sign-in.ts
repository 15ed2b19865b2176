import type { Sessions } from '@holdfast/core'
import { Attempts, checkPassword, Problem } from '@holdfast/example-express/kit'
import { session } from '@holdfast/express'
import express, { type Request, type RequestHandler, Router } from 'express'
import { textField } from './fields.js'

/** The application's own sign-in: it begins a cookie session, for which the page's client then asks for tokens. */
export function signInRoute(sessions: Sessions): Router {
  const attempts = new Attempts()
  const signIn: RequestHandler = async (req, res) => {
    const username = textField(req, 'username', 64)
    await prove(attempts, req, username)
    await req.session.authenticate(username, { methods: ['pwd'] })
    res.json({ subject: username })
  }
  return Router().post('/api/sign-in', session(sessions), express.json(), signIn)
}

/** Throws 401 unless the request brings the password of the account, 429 after too many wrong ones. */
async function prove(attempts: Attempts, req: Request, account: string): Promise<void> {
  const password = textField(req, 'password', 1024)
  const right = await attempts.run(account, req.ip ?? '', () => checkPassword(account, password))
  if (!right) throw new Problem(401, 'wrong_credentials', 'The account or the password is wrong.')
}
