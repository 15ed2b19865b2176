import type { JsonValue } from '@holdfast/core'
import type { Request, RequestHandler, Response } from 'express'
import type { Html } from './html.js'
import { layout, type PageParts, type Visit } from './pages/layout.js'
import { Problem } from './problem.js'

/** Addresses that no page stands at. */
const FOR_SCRIPTS = /^\/(?:me|data)(?:\/|$)/

/** Whether the client wants JSON: it says so, or it sent JSON itself. Browsers ask for HTML. */
export function wantsJson(req: Request): boolean {
  return (
    FOR_SCRIPTS.test(req.path) ||
    req.accepts(['html', 'json']) === 'json' ||
    typeof req.is('json') === 'string'
  )
}

/** What every page needs to know of its visitor. A visitor without a session gets none by looking at a page. */
async function visitOf(req: Request): Promise<Visit> {
  const { session } = req
  const known = session.id !== null
  const notice = known ? await session.takeFlash('notice') : undefined
  return {
    path: req.path,
    subject: session.subject,
    csrfToken: known ? session.csrfToken() : null,
    notice: typeof notice === 'string' ? notice : null,
  }
}

/** Sends a page of the site, made for its visitor. */
export async function sendPage(
  req: Request,
  res: Response,
  make: (visit: Visit) => PageParts,
): Promise<void> {
  const visit = await visitOf(req)
  sendHtml(res, layout(visit, make(visit)))
}

export function sendHtml(res: Response, page: Html): void {
  res.vary('Accept').type('html').send(page.text)
}

/** Answers a change: a script gets JSON, a browser goes on to a page, which shows the notice once. */
export function done(
  req: Request,
  res: Response,
  { json, to, notice }: { readonly json: object; readonly to: string; readonly notice?: string },
): void {
  if (wantsJson(req)) {
    res.vary('Accept').json(json)
    return
  }
  if (notice !== undefined && req.session.id !== null) req.session.flash('notice', notice)
  res.redirect(303, to)
}

/** The account that is signed in; throws 401 if none is. */
export function signedIn(req: Request): string {
  const { subject } = req.session
  if (subject === null) throw new Problem(401, 'not_signed_in', 'Sign in first.')
  return subject
}

const FORMATS = ['application/json', 'application/x-www-form-urlencoded']

/** Whether the request brings content, as its headers say. */
export function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** The fields of a JSON object or a form; throws 400 and 415 for everything else. */
export function fieldsOf(req: Request): ReadonlyMap<string, JsonValue> {
  if (hasBody(req) && req.is(FORMATS) === false) {
    throw new Problem(415, 'unsupported_media_type', 'Send JSON or a form, in UTF-8.', {
      Accept: FORMATS.join(', '),
    })
  }
  const body: JsonValue | undefined = req.body
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new Problem(400, 'bad_request', 'The request needs a body with named fields.')
  return new Map(Object.entries(body))
}

/** A field that must be a text of 1 to `longest` characters. */
export function textField(req: Request, name: string, longest = 1024): string {
  const value = fieldsOf(req).get(name)
  if (typeof value !== 'string' || value === '' || value.length > longest) {
    throw new Problem(
      400,
      'bad_request',
      `The field ${name} must be a text of 1 to ${longest} characters.`,
    )
  }
  return value
}

/** Answers methods that a route does not have. Mount it last on the route. */
export function allowOnly(...methods: readonly string[]): RequestHandler {
  const allow = methods.join(', ')
  return (req, res, next) => {
    if (req.method === 'OPTIONS') res.set('Allow', allow).status(204).end()
    else
      next(
        new Problem(405, 'method_not_allowed', `This address knows ${allow} only.`, {
          Allow: allow,
        }),
      )
  }
}
