// What the fragments of code in the documents leave out. A fragment that declares one of these itself uses its own.
import type { JsonValue, Session, SessionError, Sessions } from '@holdfast/core'
import type { Express, NextFunction, Request, Response } from 'express'

declare global {
  const app: Express
  const sessions: Sessions
  const session: Session<Record<string, JsonValue>>
  const req: Request
  const res: Response
  const next: NextFunction
  const error: SessionError
  const user: { readonly id: string; readonly role: string }
  /** The application's own: finds the account, or gives null. */
  function checkPassword(body: unknown): Promise<{ readonly id: string } | null>
  function log(...what: readonly unknown[]): void
}
