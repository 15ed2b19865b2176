import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { createMetrics, metricsTextOf } from '@holdfast/daemon'
import { memoryStore } from '@holdfast/memory'
import { ask } from './support/ask.js'
import { breakable } from './support/broken-store.js'
import { Site } from './support/site.js'
import { Visitor } from './support/visitor.js'
import { startWorld } from './support/world.js'

const valueOf = (text: string, series: string): number => {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `))
  return line === undefined ? 0 : Number(line.slice(series.length + 1))
}

test('what happens to sessions and at the doors is counted, for Prometheus', async () => {
  const { shop, monitor, admin } = await startWorld()
  const visitor = new Visitor()
  await visitor.session(shop, 'POST', '/v1/session', {})
  await visitor.signIn(shop, 'paul')
  const { cookie } = visitor
  await visitor.ask(shop, 'POST', '/v1/session/revoke', { reason: 'made-up-by-the-application' })
  visitor.cookie = cookie
  await visitor.session(shop, 'GET', '/v1/session')
  await ask(shop, 'GET', '/no-such-path')
  const { text, headers } = await ask(monitor, 'GET', '/metrics')
  assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  for (const [series, value] of [
    ['holdfast_sessions_created_total', 1],
    ['holdfast_sessions_authenticated_total{again="false"}', 1],
    ['holdfast_sessions_revoked_total{target="session",reason="other"}', 1],
    ['holdfast_sessions_rejected_total{reason="revoked"}', 1],
    ['holdfast_requests_total{door="app",operation="load",status="200"}', 1],
    ['holdfast_requests_total{door="app",operation="none",status="404"}', 1],
  ] as const)
    assert.equal(valueOf(text, series), value, series)
  assert.match(text, /^process_cpu_seconds_total/m)
  assert.doesNotMatch(text, /paul|made-up|no-such-path/)
  assert.match(
    (await ask(admin, 'GET', '/metrics')).text,
    /^# TYPE holdfast_checks_total counter$/m,
  )
})

test('the page names every metric, with its labels', async () => {
  const page = readFileSync(new URL('../../../../docs/daemon-protocol.md', import.meta.url), 'utf8')
  const metrics = createMetrics()
  const own = (await metrics.registry.getMetricsAsJSON()).map(({ name }) => name)
  for (const name of own.filter((each) => each.startsWith('holdfast_')))
    assert.ok(page.includes(`\`${name}\``), name)
  const named = [...page.matchAll(/`(holdfast_\w+)`/g)].map(([, name]) => name)
  for (const name of named) assert.ok(own.includes(name ?? ''), name)
})

test('checks are counted by what they came to', async () => {
  const faulty = breakable(memoryStore())
  const site = await Site.open({ sessions: { store: faulty.store, cacheSize: 0 } })
  const token = await site.signIn()
  for (const path of ['/v1/check', '/v1/check/optional', '/v1/forward-auth'])
    await site.ask({ path, token })
  for (const path of ['/v1/check', '/v1/check/optional']) await site.ask({ path })
  await site.ask({ token, method: 'POST', lines: [['Sec-Fetch-Site', 'cross-site']] })
  faulty.broken = true
  await site.ask({ token })
  await site.ask({ path: '/healthz' })
  const text = await site.parts.metricsText()
  for (const [result, value] of [
    ['active', 3],
    ['anonymous', 2],
    ['refused', 1],
    ['failed', 1],
  ] as const)
    assert.equal(valueOf(text, `holdfast_checks_total{result="${result}"}`), value, result)
  assert.equal(valueOf(text, 'holdfast_check_duration_seconds_count'), 7)
  faulty.broken = false
})

test('the counters of several processes add up', async () => {
  const [first, second] = [createMetrics(), createMetrics()]
  first.check('active', 0.000_02)
  second.check('active', 0.2)
  second.check('anonymous', 0.000_02)
  // As another process sends them.
  const reports = await Promise.all(
    [first, second].map(async (each) => JSON.parse(JSON.stringify(await each.report())) as never),
  )
  const text = await metricsTextOf(reports)
  assert.equal(valueOf(text, 'holdfast_checks_total{result="active"}'), 2)
  assert.equal(valueOf(text, 'holdfast_checks_total{result="anonymous"}'), 1)
  assert.equal(valueOf(text, 'holdfast_check_duration_seconds_count'), 3)
  assert.equal(valueOf(text, 'holdfast_check_duration_seconds_bucket{le="0.00005"}'), 2)
})
