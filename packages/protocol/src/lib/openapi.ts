import { describeParameters, describeShapes, type JsonSchema, referTo } from './components.js'
import { ADMIN_ROUTES, APP_ROUTES, CHECK_ROUTES, MONITOR_ROUTES, type Route } from './routes.js'

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly parameters: readonly object[]
  readonly requestBody?: object
  readonly tags: readonly string[]
  readonly responses: Readonly<Record<string, object>>
}

const JSON_TYPE = 'application/json'
const PROBLEM_TYPE = 'application/problem+json'

const DOORS = [
  {
    name: 'check',
    description:
      "On the socket of web servers. Each request brings the visitor's Cookie, Origin and Sec-Fetch-* headers as they came, and says in X-Forwarded-Method, -Uri, -Host, -Proto and -For what the visitor asked for, and in X-Session-App for which application. What is not exactly a request without a body is refused, and the connection ends.",
  },
  {
    name: 'app',
    description:
      "On the socket of one application, which is known by it. Each request brings the visitor's Cookie, User-Agent and X-Forwarded-* headers; a Set-Cookie of the answer is passed on to the visitor. Over TCP the application's token goes along as `Authorization: Bearer`.",
  },
  { name: 'admin', description: "On the administrators' socket, and nowhere else." },
  {
    name: 'monitor',
    description: "On the monitor's address, and on the administrators' socket.",
  },
] as const

/** The description of the protocols (OpenAPI 3.1), made of the routes and shapes that servers and clients work by. */
export function describeProtocols(): JsonSchema {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Holdfast daemon',
      version: '1',
      description:
        'One session for every program of a host. HTTP/1.1 over unix sockets: who may open a socket is who it is for.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'A unix socket, or a loopback address' }],
    tags: DOORS,
    paths: describePaths(),
    components: { schemas: describeShapes() },
  }
}

function describePaths(): JsonSchema {
  const paths: Record<string, Record<string, Operation>> = {}
  const doors = {
    check: CHECK_ROUTES,
    app: APP_ROUTES,
    admin: ADMIN_ROUTES,
    monitor: MONITOR_ROUTES,
  }
  for (const [door, routes] of Object.entries(doors)) {
    for (const [name, route] of Object.entries<Route>(routes)) {
      const path = (paths[route.path] ??= {})
      const method = route.method.toLowerCase()
      path[method] = merged(path[method], describe(`${door}.${name}`, route), route.path)
    }
  }
  return paths
}

/** Two doors that answer one path alike are one operation of both. */
function merged(first: Operation | undefined, second: Operation, path: string): Operation {
  if (first === undefined) return second
  const { tags, responses } = second
  if (JSON.stringify(first.responses['200']) !== JSON.stringify(responses['200']))
    throw new Error(`two doors answer ${path} differently`)
  return {
    ...first,
    tags: [...first.tags, ...tags],
    responses: { ...first.responses, ...responses },
  }
}

function describe(operationId: string, route: Route): Operation {
  const { door, summary, query, body, path } = route
  return {
    operationId,
    tags: [door],
    summary,
    parameters: [
      ...(path.includes('{id}') ? [ID] : []),
      ...(query === null ? [] : describeParameters(query)),
    ],
    ...(body === null
      ? {}
      : { requestBody: { required: true, content: { [JSON_TYPE]: { schema: referTo(body) } } } }),
    responses: { ...success(route), default: PROBLEM },
  }
}

function success({ path, answer, media, answers }: Route): Readonly<Record<string, object>> {
  // What is about the session of one visitor, and not about sessions.
  const ofVisitor = /^\/v1\/session(?:\/|$)/.test(path)
  const headers = ofVisitor ? { headers: { 'Set-Cookie': SET_COOKIE } } : {}
  if (answers !== undefined) return Object.fromEntries(Object.entries(answers).map(bare))
  if (answer !== null)
    return {
      200: {
        description: 'Done',
        ...headers,
        content: { [JSON_TYPE]: { schema: referTo(answer) } },
      },
    }
  if (media === undefined) return { 204: { description: 'Done', ...headers } }
  return { 200: { description: 'Done', content: { [media]: { schema: { type: 'string' } } } } }
}

/** An answer of the check: all that it says is in its headers. */
function bare([status, description]: [string, string]): [string, object] {
  const headers = {
    'Set-Cookie': SET_COOKIE,
    ...(status.startsWith('2')
      ? { 'X-Session-Assertion': ASSERTION, 'X-Accel-Expires': KEPT }
      : {}),
    ...(status === '302' ? { Location: LOCATION } : {}),
    ...(status === '401' ? { 'X-Session-Login': LOCATION } : {}),
  }
  return [status, { description, headers }]
}

const LOCATION = { schema: { type: 'string' } } as const

const ASSERTION = {
  description: 'A JWS for the application alone that was asked for (GET /v1/assertion-keys)',
  schema: { type: 'string' },
} as const

const KEPT = {
  description: 'Seconds for which a web server may keep the answer; mostly 0',
  schema: { type: 'string' },
} as const

const SET_COOKIE = {
  description: 'At most one, to be passed on to the visitor as it is',
  schema: { type: 'string' },
} as const

const ID = {
  name: 'id',
  in: 'path',
  required: true,
  schema: { type: 'string' },
} as const

const PROBLEM = {
  description: 'Not done, and why (RFC 9457). 503 can be tried again.',
  content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
} as const
