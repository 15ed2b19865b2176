import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { get } from 'node:http'
import { test } from 'node:test'
import { openPublicKeys } from '@holdfast/daemon'
import { ADMIN_ROUTES, APP_ROUTES, CHECK_ROUTES, MONITOR_ROUTES } from '@holdfast/protocol'
import { describeProtocols } from '@holdfast/protocol/openapi'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { type Asked, type Place, target } from './support/ask.js'
import { NAVIGATION } from './support/asking.js'
import { freshPath } from './support/folders.js'
import { Site } from './support/site.js'
import { Visitor } from './support/visitor.js'
import { startWorld } from './support/world.js'

interface Described {
  readonly operationId: string
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly content?: Readonly<Record<string, { readonly schema: object }>>
        readonly headers?: Readonly<Record<string, object>>
      }
    >
  >
}

const document = JSON.parse(JSON.stringify(describeProtocols())) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
}
const ajv = new Ajv2020({ strict: false, allErrors: true })
ajv.addSchema(document, 'openapi.json')

const keys = freshPath()
mkdirSync(keys, { mode: 0o700 })
const jwks = openPublicKeys({ signingKeys: keys })
assert.ok(jwks !== null)
const world = await startWorld({ jwks })
const { shop, blog, admin, monitor } = world

/** The answer is one that the description has: its status, its media type, and its body by the schema. */
function assertDescribed(method: string, path: string, answer: Asked): void {
  const [plain = ''] = path.split('?')
  const pattern = plain.replace(/\/[0-9A-Za-z]{22}$/, '/{id}')
  const described = document.paths[pattern]?.[method.toLowerCase()]
  assert.ok(described !== undefined, `${method} ${pattern} is not described`)
  const { responses } = described
  const failed = answer.status >= 400
  const response = failed ? responses['default'] : responses[String(answer.status)]
  assert.ok(response !== undefined, `${described.operationId} does not answer ${answer.status}`)
  const type = answer.headers['content-type']?.toString().split(';')[0] ?? ''
  const schema = response.content?.[type]?.schema
  if (answer.status === 204) return assert.equal(answer.text, '')
  assert.ok(schema !== undefined, `${described.operationId} does not answer ${type}`)
  const validate = ajv.compile(refer(schema))
  const value = type.endsWith('json') ? answer.json : answer.text
  assert.ok(validate(value), `${described.operationId}: ${JSON.stringify(validate.errors)}`)
}

/** References of the document, as they are seen from outside of it. */
function refer(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi.json#/')) as object
}

const tried = new Set<string>()

async function assertOperation(
  door: string,
  name: string,
  place: Place,
  request: { readonly visitor?: Visitor; readonly json?: unknown; readonly query?: string },
  wanted = 200,
): Promise<Asked> {
  const routes = { app: APP_ROUTES, admin: ADMIN_ROUTES, monitor: MONITOR_ROUTES }[door]
  const route = Object.entries(routes ?? {}).find(([each]) => each === name)?.[1]
  assert.ok(route !== undefined, `${door}.${name}`)
  const { visitor = new Visitor(), json, query = '' } = request
  const path = route.path.replace('/{id}', '') + query
  const answer = await visitor.ask(place, route.method, path, json)
  assert.equal(answer.status, wanted, `${name}: ${answer.text}`)
  assertDescribed(route.method, path, answer)
  tried.add(`${door}.${name}`)
  return answer
}

test('every operation of an application answers what its description says', async () => {
  const visitor = new Visitor()
  const app = (name: string, json?: unknown, query = '', wanted = 200): Promise<Asked> =>
    assertOperation('app', name, shop, { visitor, json, query }, wanted)
  await app('load')
  await app('create', { set: { a: [1, { b: null }] }, shared: { set: { c: 'd' } } })
  await app('create', {}, '', 409)
  await app('patch', { set: { e: 1 }, unset: ['a'], shared: { unset: ['c'] } })
  await app('patch', { set: { e: 2 }, ifVersion: 999 }, '', 409)
  await app('load', undefined, '?activity=false')
  await app('touch')
  const { json } = await app('issueCsrfToken')
  await app('verifyCsrfToken', json)
  await app('authenticate', { subject: 'quinn', methods: ['pwd'], remember: true })
  await app('reauthenticate', { methods: ['hwk'] })
  await app('rotate')
  await app('list', undefined, '?subject=quinn&limit=1&ended=true')
  await app('list', undefined, '?limit=1', 400)
  await app('revokeOthers', { reason: 'logout_others' })
  await app('assertionKeys')
  await app('jwks')
  await app('revoke', { reason: 'logout' }, '', 204)
  await app('patch', { set: { late: 1 } }, '', 404)
  await app('revokeAll', { subject: 'quinn' })
  const others = { visitor: new Visitor(), json: { subject: 'quinn' } }
  await assertOperation('app', 'authenticate', blog, others, 403)
})

test('every operation of administrators and monitors answers what its description says', async () => {
  const visitor = new Visitor()
  const { session } = await visitor.signIn(shop, 'rosa')
  const id = session?.id ?? ''
  const ask = (name: string, json?: unknown, query = '', wanted = 200): Promise<Asked> =>
    assertOperation('admin', name, admin, { json, query }, wanted)
  await ask('list', undefined, '?subject=rosa')
  await ask('show', undefined, `/${id}`)
  await ask('show', undefined, `/${'0'.repeat(22)}`, 404)
  for (const json of [{ session: id }, { subject: 'rosa' }, { everyone: true, reason: 'leak' }])
    await ask('revoke', json)
  await ask('show', undefined, `/${id}`)
  for (const name of ['keys', 'rotateKeys', 'policy', 'status', 'reload']) await ask(name)
  await ask('retireKey', { id: 'old' })
  await ask('retireKey', { id: 'k1' }, '', 409)
  for (const name of ['health', 'ready', 'metrics', 'jwks'])
    await assertOperation('monitor', name, monitor, {})
  world.ready = false
  await assertOperation('monitor', 'ready', monitor, {}, 503)
})

test('the stream of events answers what its description says', async () => {
  const headers = await new Promise<Asked['headers']>((resolve, reject) => {
    get({ ...target(admin), path: '/v1/events', agent: false }, (response) => {
      resolve(response.headers)
      response.destroy()
    }).on('error', reject)
  })
  const described = document.paths['/v1/events']?.['get']?.responses['200']?.content ?? {}
  assert.deepEqual(Object.keys(described), [headers['content-type']])
  tried.add('admin.events')
})

test('the check answers what its description says: its statuses, and no other headers', async () => {
  const site = await Site.open()
  const token = await site.signIn()
  const known = /^(?:date|content-length|cache-control|connection|vary)$/
  for (const [name, { path, answers = {} }] of Object.entries(CHECK_ROUTES)) {
    const statuses = new Set<number>()
    for (const question of [{ token }, {}, { lines: NAVIGATION }, { token, lines: NAVIGATION }]) {
      const { status, lines } = await site.ask({ path, ...question })
      const described = document.paths[path]?.['get']?.responses[String(status)]
      assert.ok(described !== undefined && status in answers, `${name}: ${status}`)
      const names = Object.keys(described.headers ?? {})
      const allowed = new Set(names.map((each) => each.toLowerCase()))
      for (const [header] of lines) {
        // It says of an answer without an identity that it may not be kept, too.
        if (header === 'x-accel-expires' || known.test(header)) continue
        assert.ok(allowed.has(header), `${name} ${status}: ${header}`)
      }
      statuses.add(status)
    }
    assert.deepEqual(statuses, new Set(Object.keys(answers).map(Number)))
    tried.add(`check.${name}`)
  }
  const refused = await site.ask({ path: '/v1/check', app: 'unknown' })
  assert.equal(refused.status, 500)
  assert.ok(ajv.compile(refer({ $ref: '#/components/schemas/Problem' }))(JSON.parse(refused.body)))
})

test('no operation was left out', () => {
  const all = Object.entries({
    check: CHECK_ROUTES,
    app: APP_ROUTES,
    admin: ADMIN_ROUTES,
    monitor: MONITOR_ROUTES,
  })
  const names = all.flatMap(([door, routes]) =>
    Object.keys(routes).map((name) => `${door}.${name}`),
  )
  assert.deepEqual(tried, new Set(names))
})

test('where no signing keys are configured there is no document of them', async () => {
  const { monitor: other } = await startWorld()
  await assertOperation('monitor', 'jwks', other, {}, 404)
})
