import { z } from 'zod'
import { DURATION, LASTING, MODE, SIZE } from './units.js'

function text(allowed: string): z.ZodString {
  return z.string({ error: `must be ${allowed}` }).min(1, { error: `must be ${allowed}` })
}

function matching(shape: RegExp, allowed: string): z.ZodString {
  return z.string({ error: `must be ${allowed}` }).regex(shape, { error: `must be ${allowed}` })
}

function choice<const Name extends string>(
  names: readonly [Name, ...Name[]],
): z.ZodEnum<{ [K in Name]: K }> {
  return z.enum(names, { error: `must be one of ${names.map((name) => `"${name}"`).join(', ')}` })
}

function whole(least: number, most: number): z.ZodInt {
  const error = `must be a whole number from ${least} to ${most}`
  return z.int({ error }).min(least, { error }).max(most, { error })
}

const duration = matching(DURATION, 'a duration with its unit, such as "90s", "30m", "12h" or "7d"')
const lasting = matching(
  LASTING,
  'a duration above zero with its unit, such as "90s", "30m", "12h" or "7d"',
)
const size = matching(SIZE, 'a size, such as "64k" or "1M"')
const mode = matching(MODE, 'permissions in octal digits, such as "0660"')
const path = matching(/^\P{Cc}+$/u, 'a path, without control characters')
const secretFile = text('a path, or the name of a systemd credential')
const group = text("a group's name or number")
const address = matching(
  /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:]+\]|localhost):\d{1,5}$/,
  'a loopback address with its port, such as "127.0.0.1:9464"',
)
const namespace = matching(/^[a-z0-9_-]{1,32}$/, '1 to 32 of a-z, 0-9, "_" and "-"')

function table<Shape extends z.core.$ZodShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, { error: 'must be a table' })
}

const app = table({
  namespace: namespace.optional().describe("Of its data. Default: the application's name"),
  rights: z
    .array(choice(['authenticate', 'list', 'revoke']), { error: 'must be an array of rights' })
    .default([])
    .describe('What it may do beyond the sessions of its own visitors'),
  mode: mode.default('0660').describe('Permissions of its socket'),
  group: group.optional().describe('Group of its socket. Default: daemon.group'),
  listen: address.optional().describe('Loopback address beside the socket; needs token_file'),
  token_file: secretFile
    .optional()
    .describe('File of the token by which it proves itself over TCP'),
})

/** The file `holdfast.toml`. */
const configuration = table({
  daemon: table({
    state: path
      .default('/var/lib/holdfast')
      .describe('Folder of what must survive a restart: sessions and keys'),
    run: path.default('/run/holdfast').describe('Folder of the sockets'),
    workers: whole(1, 128)
      .optional()
      .describe('Processes that answer. Default: one for each processor, at most 4'),
    group: group.optional().describe("Group of sockets that name none. Default: the daemon's own"),
  }).prefault({}),
  store: table({
    url: text('an address')
      .optional()
      .describe('redis://, rediss:// or postgres:// of your own. Default: the embedded store'),
    url_file: secretFile.optional().describe('File that holds the address, which has a password'),
  }).prefault({}),
  session: table({
    preset: choice(['aal1', 'aal2', 'aal3', 'pci', 'bank'])
      .default('aal2')
      .describe('Published limits to keep'),
    idle_timeout: lasting.optional().describe("Default: the preset's"),
    absolute_timeout: lasting.optional().describe("Default: the preset's"),
    renewal_timeout: z
      .union([z.literal('off'), lasting], {
        error: 'must be a duration with its unit, such as "15m", or "off"',
      })
      .default('15m')
      .describe('After this a token is replaced in passing'),
    rotation_grace: duration
      .default('10s')
      .describe('How long a replaced token still answers; at most 30s'),
    max_sessions_per_subject: whole(1, 1_000_000).optional().describe('Default: no limit'),
    on_limit: choice(['reject', 'evict-oldest', 'evict-idle'])
      .default('evict-oldest')
      .describe('What a sign-in beyond the limit does'),
    deviation_reason: text('a sentence')
      .optional()
      .describe('Why a limit of the preset is exceeded, in words an auditor can read'),
    max_data: size.default('64k').describe("What a session's data may take in all"),
    tenant: text('a name').optional().describe('Keeps sites on one key ring apart'),
  }).prefault({}),
  cookie: table({
    name: text('the name of a cookie').optional().describe('Default: __Host-session'),
    same_site: choice(['lax', 'strict', 'none']).default('lax').describe('The SameSite attribute'),
    accept_cross_site: z
      .boolean({ error: 'must be true or false' })
      .optional()
      .describe('Accepts what same_site = "none" means'),
    domain: text('a host')
      .optional()
      .describe('Sub-domains share the cookie. Default: the host alone'),
  }).prefault({}),
  keys: table({
    file: secretFile
      .optional()
      .describe('Keys of your own, one in each line, newest first. Default: the daemon keeps them'),
  }).prefault({}),
  check: table({
    mode: mode.default('0660').describe('Permissions of its socket'),
    group: group.optional().describe('Group of its socket. Default: daemon.group'),
    listen: address.optional().describe('Loopback address beside the socket'),
    cache: duration
      .default('0s')
      .describe('How long a web server may keep a positive answer: so long a revocation may lag'),
    assertion_lifetime: lasting.default('30s').describe('How long an assertion is good'),
    login: matching(/^\/(?![/\\])/, 'a path of the site, such as "/login"')
      .default('/login')
      .describe('Where visitors sign in'),
    trusted_origins: z
      .array(text('an origin, such as "https://admin.example.com"'), {
        error: 'must be an array of origins',
      })
      .default([])
      .describe('Other sites of yours whose pages may make unsafe requests'),
  }).prefault({}),
  admin: table({
    mode: mode.default('0600').describe('Permissions of its socket'),
    group: group.optional().describe('Group of its socket'),
  }).prefault({}),
  monitor: table({
    listen: address
      .optional()
      .describe('Loopback address of health and metrics. Default: admin.sock alone'),
  }).prefault({}),
  audit: table({ file: path.optional().describe('File of the audit log. Default: none') }).prefault(
    {},
  ),
  limits: table({
    body: size.default('256k').describe('Longest body of a request'),
    headers: size.default('16k').describe('Longest head of a request'),
    head_timeout: lasting.default('10s').describe('How long a head may take to arrive'),
    request_timeout: lasting.default('30s').describe('How long a request may take in all'),
    store_timeout: lasting
      .optional()
      .describe(
        "How long a request waits for the store before it is refused. Default: the store's own, 450ms",
      ),
    connections: whole(1, 1_000_000)
      .default(4096)
      .describe('Most connections to one socket, in each worker'),
    stop_timeout: lasting
      .default('10s')
      .describe('How long what is under way may take when the daemon stops'),
  }).prefault({}),
  tokens: table({
    signing_keys: path
      .optional()
      .describe('Folder of the signing keys of access tokens, whose public half is served'),
  }).prefault({}),
  apps: z
    .record(matching(/^[a-z][a-z0-9_-]{0,31}$/, 'a name of a-z, 0-9, "_" and "-"'), app, {
      error: 'must be a table of applications: [apps.NAME]',
    })
    .default({})
    .describe('The applications, each with a socket of its own'),
})

/** What the files and the environment say, with defaults, before anything is looked up. */
export type Configuration = z.output<typeof configuration>
export type AppConfiguration = z.output<typeof app>

export type Shaped =
  | { readonly success: true; readonly data: Configuration }
  | { readonly success: false; readonly issues: readonly z.core.$ZodIssue[] }

/** Checks the shape of the whole configuration, and fills in defaults. */
export function checkShape(values: unknown): Shaped {
  const { success, data, error } = configuration.safeParse(values)
  return success ? { success, data } : { success: false, issues: error.issues }
}

/** A JSON Schema, as far as it is used here. */
export interface JsonSchema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly [more: string]: unknown
}

/** The JSON Schema (draft 2020-12) of the file, for editors. */
export function jsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(configuration, { io: 'input' })
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- zod's type of the same document
  return { title: 'The configuration of holdfastd', ...schema } as JsonSchema
}
