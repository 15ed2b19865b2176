import express, { type Express, type Response } from 'express'

/** An application as `npm init` leaves it, for production. */
export function expressApp(): Express {
  const app = express()
  app.disable('x-powered-by')
  return app
}

/** The same answer as without Express, and by hand what a session's response must say to caches. */
export function answerPrivately(res: Response, subject: string | null): void {
  res.setHeader('Cache-Control', 'no-store')
  res.setHeader('Vary', 'Cookie')
  res.json({ subject })
}
