import assert from 'node:assert/strict'
import type { Group } from '../define.js'

const KEYS = 100
const RUNS = 10
const INCREMENTS = 1000

/** What parallel requests write is all kept (P3). */
export function updateCases(group: Group): void {
  group.add(
    `${KEYS} parallel requests write ${KEYS} keys, ${RUNS} times: all are kept`,
    async (site) => {
      for (let run = 0; run < RUNS; run++) {
        const client = await site.signedIn(`u${run}`)
        const gate = `run-${run}`
        // All have read the session before the first writes.
        const asked = Array.from({ length: KEYS }, (_, at) =>
          client.do([`wait ${gate}`, `set k${at} ${run}`]),
        )
        await site.app.gates.arrivals(gate, KEYS)
        site.app.gates.open(gate)
        for (const answer of await Promise.all(asked)) {
          assert.equal(answer.status, 200)
          assert.deepEqual(answer.setCookies, [])
        }
        const [keys] = (await client.get(['keys'])).out
        assert.equal(Array.isArray(keys) ? keys.length : 0, KEYS)
      }
    },
  )

  group.add(`${INCREMENTS} parallel increments count ${INCREMENTS}`, async (site) => {
    const client = await site.signedIn()
    const answers = await Promise.all(
      Array.from({ length: INCREMENTS }, () => client.do(['count n'])),
    )
    const seen = new Set(answers.map((answer) => answer.out[0]))
    assert.equal((await client.get(['get n'])).out[0], INCREMENTS)
    assert.ok(seen.size > 0)
  })

  group.add('a write, a removal and an increment at once are all kept', async (site) => {
    const client = await site.signedIn()
    await client.do(['set a 1', 'set b 1'])
    const steps = ['set a 2', 'unset b', 'count n', 'set c 3', 'touch', 'me']
    const asked = steps.map((step) => client.do(['wait all', step]))
    await site.app.gates.arrivals('all', steps.length)
    site.app.gates.open('all')
    for (const answer of await Promise.all(asked)) assert.equal(answer.status, 200)
    const { out } = await client.get(['get a', 'get b', 'get c', 'get n'])
    assert.deepEqual(out, ['2', null, '3', 1])
  })
}
