import { Router } from 'express'
import { Problem } from '../problem.js'
import { allowOnly, fieldsOf, signedIn } from '../respond.js'

/** For scripts: who is signed in, and a place for any JSON, with or without an account. */
export function dataRoutes(): Router {
  const router = Router()

  router
    .route('/me')
    .get((req, res) => {
      res.json({ subject: signedIn(req), sessionId: req.session.id })
    })
    .all(allowOnly('GET'))

  router
    .route('/data')
    .get((req, res) => {
      const { shared } = req.session
      res.json(Object.fromEntries(shared.keys().map((key) => [key, shared.get(key)])))
    })
    .all(allowOnly('GET'))

  router
    .route('/data/:key')
    .put((req, res) => {
      const value = fieldsOf(req).get('value')
      if (value === undefined)
        throw new Problem(400, 'bad_request', 'The request needs a body {"value": …}.')
      // The session itself refuses what cannot be stored.
      req.session.shared.set(req.params.key, value)
      res.json({ key: req.params.key })
    })
    .all(allowOnly('PUT'))

  return router
}
