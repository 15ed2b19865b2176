import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { freePort, newFolder } from '@holdfast/test-servers/process'
import { startSite } from '../src/site.js'
import { hostileRequests } from './cases/edge.js'
import { handMadeLocations, LOCATIONS } from './cases/locations.js'
import { trouble } from './cases/trouble.js'
import { visitors } from './cases/visitors.js'
import { noNginx, startWorld, type World } from './lib/world.js'

/** What an owner may have said for all of nginx: none of it may open a site. */
const HTTP = `
    underscores_in_headers on;
    ignore_invalid_headers off;
    satisfy any;
    allow all;
    proxy_cache_valid any 1h;
    proxy_cache_use_stale error timeout http_500 http_503;
`

describe('a site behind nginx', { skip: noNginx }, () => {
  let world: World

  before(async () => {
    world = await startWorld({ cache: 'cache', byHand: { http: HTTP, locations: LOCATIONS } })
  })
  after(() => world.stop())

  const cases = [visitors, hostileRequests, handMadeLocations, trouble]
  for (const each of cases) each(() => world)
})

test('a site whose nginx does not start leaves nothing running', async () => {
  const folder = newFolder('nginx-')
  const [httpPort, httpsPort] = [await freePort(), await freePort()]
  const starting = startSite({ folder, nginx: '/bin/false', httpPort, httpsPort })
  await assert.rejects(starting, /nginx does not run/)
  assert.ok(existsSync(join(folder, 'daemon/state')))
  assert.equal(existsSync(join(folder, 'daemon/run/admin.sock')), false)
})
