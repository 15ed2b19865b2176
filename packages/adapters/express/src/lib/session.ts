import type { JsonValue, Session, Sessions } from '@holdfast/core'
import { Session as OpenedSession } from '@holdfast/core/engine'
import { createNodeDoor, type NodeDoorOptions } from '@holdfast/node/middleware'
import type { NextFunction, Request, RequestHandler, Response } from 'express'

/**
 * The type of this application's session data. Declare it once, and `req.session` is typed everywhere:
 *
 * ```ts
 * declare module '@holdfast/express' {
 *   interface SessionData { cart: string[] }
 * }
 * ```
 */
export interface SessionData {}

/** {@link SessionData} if the application has declared it, else any JSON under any key. */
export type SessionDataOrAny = keyof SessionData extends never
  ? Record<string, JsonValue>
  : SessionData

declare global {
  namespace Express {
    interface Request {
      /** The session of this request; `@holdfast/express` has loaded it. */
      // oxlint-disable-next-line typescript/no-unnecessary-type-arguments -- the default only until the application declares its data
      session: Session<SessionDataOrAny>
    }
  }
}

export type ExpressSessionOptions = NodeDoorOptions<Request>

/**
 * Express middleware: `req.session` is there, loaded, when the next handler runs, and what changed is committed before the
 * response's headers leave.
 *
 * A store that fails gives `next(error)` with status 503, before the handler or in place of its response; an unsafe
 * request of another site gives 403. Throws `TypeError` naming a wrong option.
 */
export function session<Data extends object = SessionDataOrAny>(
  sessions: Sessions<Data>,
  options: ExpressSessionOptions = {},
): RequestHandler {
  const door = createNodeDoor<Data, Request>(sessions, options)
  return (req: Request, res: Response, next: NextFunction): void => {
    if (req.session !== undefined) {
      next(
        new TypeError(
          'req.session is taken: session() is mounted twice, or beside another session middleware',
        ),
      )
      return
    }
    door(
      req,
      res,
      (open) => {
        Object.assign(req, { session: new OpenedSession<Data>(open) })
        next()
      },
      next,
    )
  }
}
