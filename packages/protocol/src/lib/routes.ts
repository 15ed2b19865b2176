import type { z } from 'zod'
import * as shapes from './shapes.js'

/** What an application may do beyond the sessions of its own visitors. */
export type Right = 'authenticate' | 'list' | 'revoke'

/** Which socket answers: that of web servers, that of one application, that of administrators, that of who watches. */
export type Door = 'check' | 'app' | 'admin' | 'monitor'

/** One operation: the servers dispatch by it, the client is typed by it, the description is made of it. */
export interface Route<
  Body extends z.ZodType | null = z.ZodType | null,
  Answer extends z.ZodType | null = z.ZodType | null,
  Query extends z.ZodType | null = z.ZodType | null,
> {
  readonly door: Door
  readonly method: 'GET' | 'POST' | 'PATCH'
  readonly path: string
  readonly summary: string
  readonly right?: Right
  /** Query parameters; null for none. */
  readonly query: Query
  /** JSON that is sent; null for none. */
  readonly body: Body
  /** JSON that is answered with 200; null for 204, or what is no JSON. */
  readonly answer: Answer
  /** The media type of a 200 that is no JSON. */
  readonly media?: string
  /** Answers without a body that are no problems, by their status, instead of 200 or 204. */
  readonly answers?: Readonly<Record<number, string>>
  /** Asking twice is the same as asking once: the client may ask again when a connection breaks. */
  readonly idempotent: boolean
}

type More<Query> = Partial<{
  readonly right: Right
  readonly query: Query
  readonly idempotent: boolean
  readonly media: string
  readonly answers: Readonly<Record<number, string>>
}>

/** What makes the routes of one door. */
function routesOf(door: Door) {
  return <
    Body extends z.ZodType | null,
    Answer extends z.ZodType | null,
    Query extends z.ZodType | null = null,
  >(
    method: Route['method'],
    path: string,
    summary: string,
    body: Body,
    answer: Answer,
    more: More<Query> = {},
  ): Route<Body, Answer, Query> => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- where no query is given, Query is null
    const query = (more.query ?? null) as Query
    return {
      door,
      method,
      path,
      summary,
      body,
      answer,
      idempotent: method === 'GET',
      ...more,
      query,
    }
  }
}

const check = routesOf('check')
const app = routesOf('app')
const admin = routesOf('admin')
const monitor = routesOf('monitor')
const AGAIN = { idempotent: true } as const

const SIGNED_IN = 'Somebody is signed in: X-Session-Assertion says who'
const NOBODY =
  'Nobody is signed in. Where a page was asked for, X-Session-Login of the plain check is where one signs in'

/** What web servers ask on each request. */
export const CHECK_ROUTES = {
  check: check('GET', '/v1/check', 'Whether somebody is signed in', null, null, {
    answers: { 204: SIGNED_IN, 401: NOBODY },
  }),
  optional: check('GET', '/v1/check/optional', 'Who is signed in, if anybody is', null, null, {
    answers: { 204: `${SIGNED_IN}. Without it, nobody is` },
  }),
  forwardAuth: check('GET', '/v1/forward-auth', 'The same, as forward_auth has it', null, null, {
    answers: {
      200: SIGNED_IN,
      302: 'Nobody is signed in, and a page was asked for: Location is where one signs in',
      401: NOBODY,
    },
  }),
} as const

/** What applications may ask. Each request brings the visitor's Cookie header, and gives the Set-Cookie to pass on. */
export const APP_ROUTES = {
  load: app('GET', '/v1/session', 'The session of a request', null, shapes.loaded, {
    query: shapes.activity,
  }),
  create: app('POST', '/v1/session', 'Begin a session', shapes.creation, shapes.loaded),
  patch: app('PATCH', '/v1/session', 'Change values', shapes.patch, shapes.loaded, {
    query: shapes.activity,
  }),
  touch: app('POST', '/v1/session/touch', 'Record activity', null, shapes.loaded, AGAIN),
  authenticate: app(
    'POST',
    '/v1/session/authenticate',
    'Sign an account in, with a new token',
    shapes.authentication,
    shapes.loaded,
    { right: 'authenticate' },
  ),
  reauthenticate: app(
    'POST',
    '/v1/session/reauthenticate',
    'The account has proved itself again, with a new token',
    shapes.reauthentication,
    shapes.loaded,
    { right: 'authenticate' },
  ),
  rotate: app(
    'POST',
    '/v1/session/rotate',
    'A new token for a change of privilege',
    null,
    shapes.loaded,
  ),
  revoke: app('POST', '/v1/session/revoke', 'End the session', shapes.ending, null, AGAIN),
  revokeOthers: app(
    'POST',
    '/v1/session/revoke-others',
    "End the account's other sessions",
    shapes.ending,
    shapes.revoked,
    AGAIN,
  ),
  issueCsrfToken: app(
    'POST',
    '/v1/session/csrf-token',
    'A token for forms of this session',
    null,
    shapes.csrfToken,
  ),
  verifyCsrfToken: app(
    'POST',
    '/v1/session/csrf-token/verify',
    'Whether a token is of this session',
    shapes.csrfToken,
    shapes.csrfVerdict,
    AGAIN,
  ),
  list: app('GET', '/v1/sessions', 'Sessions of an account', null, shapes.sessionPage, {
    right: 'list',
    query: shapes.page,
  }),
  revokeAll: app(
    'POST',
    '/v1/sessions/revoke',
    'End sessions of an account',
    shapes.subjectEnding,
    shapes.revoked,
    { right: 'revoke', idempotent: true },
  ),
  assertionKeys: app(
    'GET',
    '/v1/assertion-keys',
    "The keys of this application's assertions",
    null,
    shapes.assertionKeys,
  ),
  jwks: app('GET', '/v1/jwks', 'The public keys of access tokens', null, shapes.jwks),
} as const

/** What administrators may ask. */
export const ADMIN_ROUTES = {
  list: admin('GET', '/v1/sessions', 'Sessions of an account', null, shapes.sessionPage, {
    query: shapes.page,
  }),
  show: admin('GET', '/v1/sessions/{id}', 'One session', null, shapes.sessionInfo),
  revoke: admin('POST', '/v1/revoke', 'End sessions', shapes.revocation, shapes.revoked, AGAIN),
  keys: admin('GET', '/v1/keys', 'Names of the keys', null, shapes.keyList),
  rotateKeys: admin(
    'POST',
    '/v1/keys/rotate',
    'Make a new key, and sign with it',
    null,
    shapes.keyList,
  ),
  retireKey: admin(
    'POST',
    '/v1/keys/retire',
    'Forget a key: its tokens are refused from now on',
    shapes.keyName,
    shapes.keyList,
    AGAIN,
  ),
  policy: admin('GET', '/v1/policy', 'The limits in force', null, shapes.policyText),
  status: admin('GET', '/v1/status', 'What runs', null, shapes.status),
  reload: admin('POST', '/v1/reload', 'Read the configuration again', null, shapes.status, AGAIN),
  events: admin('GET', '/v1/events', 'What happens, one JSON object in each line', null, null, {
    query: shapes.eventFilter,
    media: 'application/jsonl',
  }),
} as const

/** What whoever watches may ask; administrators may too. */
export const MONITOR_ROUTES = {
  health: monitor('GET', '/healthz', 'Whether the process runs', null, shapes.health),
  ready: monitor('GET', '/readyz', 'Whether the store answers', null, shapes.health),
  metrics: monitor('GET', '/metrics', 'Counters for Prometheus', null, null, {
    media: 'text/plain',
  }),
  jwks: monitor(
    'GET',
    '/.well-known/jwks.json',
    'The public keys of access tokens',
    null,
    shapes.jwks,
  ),
} as const
