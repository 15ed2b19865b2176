import { z } from 'zod'

/** What JSON can say. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue }

/**
 * A value of a session's data. Not looked at here: that it is JSON is known since it was parsed, which parts of JSON can be kept the
 * engine decides, and zod takes 25 ms for 64 KB of small objects.
 */
const json = z.custom<JsonValue>()
const instant = z.int().nonnegative().describe('Milliseconds since 1970')
/** No control characters, no lone surrogates: such a text stays one line wherever it is shown. */
const PRINTABLE = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]*$/u
const subject = z
  .string()
  .min(1)
  .max(255)
  // oxlint-disable-next-line eslint/no-control-regex -- a subject is the application's own, but stores keep no U+0000
  .regex(/^[^\u0000\p{Cs}]*$/u)
  .describe('Stable id of the account')
const reason = z.string().min(1).max(64).regex(PRINTABLE).describe('Why, for tombstones and events')
const methods = z
  .array(z.string().min(1).max(64).regex(PRINTABLE))
  .max(16)
  .describe('How the account proved itself')
const sessionId = z
  .string()
  .regex(/^[0-9A-Za-z]{22}$/)
  .describe('Public id of a session')
const values = z.record(z.string().min(1), json)

/** The part of a session that may be shown. */
export const sessionView = z
  .object({
    id: sessionId,
    subject: subject.nullable(),
    createdAt: instant,
    authenticatedAt: instant.nullable(),
    methods,
    lastSeenAt: instant,
    expiresAt: instant.describe('When it ends if nothing happens until then'),
    absoluteDeadline: instant,
    persistent: z.boolean().describe('Whether its cookie survives the end of the browser'),
  })
  .meta({ id: 'Session' })

/** The same, for those who administer: with the device, and ended ones with their end. */
export const sessionInfo = sessionView
  .extend({
    client: z.record(z.string(), json).nullable().describe('What is kept of the device'),
    revokedAt: instant.nullable(),
    reason: z.string().nullable(),
  })
  .meta({ id: 'SessionInfo' })

/** What an application sees of the session of one of its requests. */
export const loaded = z
  .object({
    session: sessionView.nullable().describe('Null: there is no session, for whatever reason'),
    version: z.int().nonnegative().nullable().describe('Grows with each change; for ifVersion'),
    data: values.describe("Values of the application's own namespace"),
    shared: values.describe('Values of the namespace that all applications share'),
  })
  .meta({ id: 'LoadedSession' })

const change = z.strictObject({
  set: values.optional(),
  unset: z.array(z.string().min(1)).max(1_000).optional(),
})

/** Of a request that may be no activity of the visitor's, such as polling in the background (PCI DSS 8.2.8). */
export const activity = z.strictObject({
  activity: z
    .enum(['true', 'false'])
    .default('true')
    .describe('Whether the request moves the idle deadline'),
})

/** What an application wants changed. Keys that are not named are kept. */
export const patch = change
  .extend({
    shared: change.optional().describe('The same, for the shared namespace'),
    ifVersion: z
      .int()
      .nonnegative()
      .optional()
      .describe('409 if the session is of another version'),
  })
  .meta({ id: 'SessionPatch' })

/** The values that a new session begins with. */
export const creation = z
  .strictObject({ set: values.optional(), shared: z.strictObject({ set: values }).optional() })
  .meta({ id: 'SessionCreation' })

export const authentication = z
  .strictObject({
    subject,
    methods: methods.optional(),
    remember: z
      .boolean()
      .optional()
      .describe('Keep the cookie when the browser ends. Default false'),
    keepData: z.boolean().optional().describe('Keep what the session holds. Default true'),
  })
  .meta({ id: 'Authentication' })

export const reauthentication = z
  .strictObject({ methods: methods.optional() })
  .meta({ id: 'Reauthentication' })

export const ending = z.strictObject({ reason: reason.optional() }).meta({ id: 'Ending' })

/** Sessions of one account to end. */
export const subjectEnding = z
  .strictObject({ subject, reason: reason.optional(), except: sessionId.optional() })
  .meta({ id: 'SubjectEnding' })

/** What an administrator ends: exactly one of a session, an account's sessions, or everybody's. */
export const revocation = z
  .union([
    z.strictObject({ session: sessionId, reason: reason.optional() }),
    subjectEnding,
    z.strictObject({ everyone: z.literal(true), reason: reason.optional() }),
  ])
  .meta({ id: 'Revocation' })

export const revoked = z
  .object({
    count: z.int().nonnegative().nullable().describe('Live sessions that ended; null for everyone'),
  })
  .meta({ id: 'Revoked' })

export const page = z.strictObject({
  subject,
  after: z
    .string()
    .regex(/^[!-~]{1,64}$/)
    .optional()
    .describe('What the page before gave as next'),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  ended: z
    .enum(['true', 'false'])
    .default('false')
    .describe('Ended sessions too, as long as they are kept'),
})

export const sessionPage = z
  .object({ sessions: z.array(sessionInfo), next: z.string().nullable() })
  .meta({ id: 'SessionPage' })

export const csrfToken = z.strictObject({ token: z.string().max(512) }).meta({ id: 'CsrfToken' })
export const csrfVerdict = z.object({ valid: z.boolean() }).meta({ id: 'CsrfVerdict' })

export const assertionKeys = z
  .object({
    keys: z.array(
      z.object({ kty: z.literal('oct'), alg: z.literal('HS256'), kid: z.string(), k: z.string() }),
    ),
  })
  .meta({ id: 'AssertionKeys' })

/** The public keys of access tokens (RFC 7517 §5). */
export const jwks = z
  .object({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })) })
  .meta({ id: 'Jwks' })

/** Which events a reader wants. */
export const eventFilter = z.strictObject({
  type: z
    .string()
    .regex(/^[a-z_]{1,40}(?:,[a-z_]{1,40}){0,31}$/)
    .optional()
    .describe('Names of events, separated by commas. Default: all'),
})

export const health = z.object({ status: z.literal('ok') }).meta({ id: 'Health' })

const signingKey = z.object({
  id: z.string().describe('Public name of the key, as tokens carry it'),
  createdAt: instant.nullable(),
  signs: z.boolean().describe('Whether new tokens are made with it'),
})

export const keyList = z
  .object({
    managed: z
      .boolean()
      .describe('Whether the daemon keeps the keys itself; otherwise a file of yours does'),
    keys: z.array(signingKey),
  })
  .meta({ id: 'KeyList' })
export const keyName = z.strictObject({ id: z.string().min(1).max(16) }).meta({ id: 'KeyName' })

export const policyText = z
  .object({ policy: z.record(z.string(), json), text: z.string() })
  .meta({ id: 'Policy' })

export const status = z
  .object({
    version: z.string(),
    startedAt: instant,
    workers: z.int().nonnegative(),
    store: z.string(),
    ready: z.boolean(),
  })
  .meta({ id: 'Status' })

/** RFC 9457. `code` is the same as in the libraries' errors. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string().optional(),
  })
  .meta({ id: 'Problem' })

/** What a shape reads; undefined where there is none. */
export type Output<Shape> = Shape extends z.ZodType ? z.output<Shape> : undefined
