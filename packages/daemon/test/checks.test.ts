import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lmdbStore } from '@holdfast/lmdb'
import { memoryStore } from '@holdfast/memory'
import { runChecks } from './checks/run.js'
import { sessionsAuthority } from './checks/sessions-authority.js'
import { freshPath } from './support/folders.js'
import { newSeed } from '@holdfast/test-servers/random'
import { Site } from './support/site.js'

// The long form is `npm run checks -w @holdfast/daemon`.
for (const [name, store, count] of [
  ['memory', () => memoryStore(), 12_000],
  ['lmdb', () => lmdbStore(freshPath()), 8_000],
] as const) {
  test(`${name}: no answer is wrong, while clients go away and sessions are renewed and end`, async (t) => {
    const seed = newSeed()
    t.diagnostic(`seed ${seed}`)
    const site = await Site.open({
      sessions: {
        store: store(),
        clock: Date.now,
        storeTimeout: 20_000,
        renewalTimeout: 200,
        rotationGrace: 5_000,
      },
    })
    const authority = sessionsAuthority(site.sessions, 'shop')
    const tally = await runChecks({
      address: { path: site.path },
      authority,
      count,
      clients: 12,
      seed,
    })
    assert.deepEqual(tally.examples, [])
    assert.equal(tally.wrong, 0)
    assert.equal(tally.statuses.get(503), undefined)
    for (const [what, least] of [
      ['aborted', count / 20],
      ['renewed', 50],
      ['revoked', 20],
    ] as const)
      assert.ok(tally[what] >= least, `${what}: ${tally[what]}`)
    await site.close()
  })
}
