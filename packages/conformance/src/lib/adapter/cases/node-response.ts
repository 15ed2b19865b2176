import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Group } from '../define.js'
import { COOKIE, withSteps } from '../client.js'
import { exchange, RawConnection, rawRequest } from '../raw.js'
import type { Site } from '../site.js'
import { eventually, slowly } from './commit.js'
import { assertMarked } from './laziness.js'

/** What applications do with node's own response. */
export function nodeResponseCases(group: Group): void {
  headCases(group)
  writeCases(group)

  for (const script of ['flush', 'write-set']) {
    for (const slow of [false, true]) {
      const store = slow ? 'slow' : 'fast'
      group.add(
        `a change after the response began is not lost (${script}, ${store} store)`,
        (site) => keepsLateChange(site, script, slow),
      )
    }
  }

  for (const script of ['head-bad', 'chunk-bad']) {
    for (const steps of [[], ['set a 1']]) {
      const what = steps.length === 0 ? 'without' : 'with'
      group.add(
        `what node refuses to send is answered with 500 (${script}, ${what} a change)`,
        async (site) => {
          const client = site.client()
          const answer = await client.do(steps, { path: `/node/${script}` })
          assert.equal(answer.status, 500)
          assert.equal((await client.get(['me'])).status, 200)
        },
      )
    }
  }

  group.add('a change is stored although its client goes and nobody answers', async (site) => {
    const client = await site.signedIn()
    const connection = new RawConnection(site.port)
    const cookie = `Cookie: ${COOKIE}=${client.token ?? ''}`
    connection.send(rawRequest(withSteps('/node/silent', ['set a 1']), [cookie]))
    await site.app.gates.arrivals('gone')
    await connection.destroy()
    await eventually(async () => (await client.get(['get a'])).out[0] === '1')
  })

  group.add('an error in mid-response breaks the response off', async (site) => {
    slowly(site)
    const client = site.client()
    await client.do(['set a 1'])
    const path = '/node/throw-begun'
    await assert.rejects(client.do(['set a 2'], { path }), { code: 'ECONNRESET' })
    assert.deepEqual((await client.get(['me'])).status, 200)
  })
}

/** Refused with a code, or stored: one of the two. */
async function keepsLateChange(site: Site, script: string, slow: boolean): Promise<void> {
  if (slow) slowly(site)
  for (const steps of [['set cart 3'], ['me'], ['set cart 4']]) {
    const client = await site.signedIn()
    const answer = await client.do(steps, { path: `/node/${script}` })
    assert.match(answer.body, /(?:ERR_SESSION_RESPONSE_COMMITTED|none)$/)
    const stored = (await client.get(['get late'])).out[0]
    assert.equal(stored, answer.body.endsWith('none') ? '1' : null)
    if (steps[0] === 'me') assert.equal(stored, null, 'the headers have left')
  }
}

function headCases(group: Group): void {
  const forms: readonly (readonly [script: string, status: number, own: readonly string[]])[] = [
    ['head-object', 200, ['own=1']],
    ['head-message', 201, ['own=1']],
    ['head-flat', 200, ['own=1', 'two=2']],
    ['head-lists', 200, ['own=1', 'two=2']],
    ['head-pairs', 200, ['own=1', 'two=2']],
  ]
  for (const [script, status, own] of forms) {
    for (const change of [true, false]) {
      const what = change ? 'a first write' : 'reading'
      group.add(`${what} is merged with what writeHead is given (${script})`, async (site) => {
        const path = `/node/${script}`
        const answer = await site.client().do([change ? 'set a 1' : 'me'], { path })
        assert.equal(answer.status, status)
        assertMarked(answer)
        assert.match(answer.headers.vary ?? '', /^Accept, Cookie$/i)
        assert.deepEqual(answer.setCookies.slice(0, own.length), own)
        assert.equal(answer.setCookies.length, own.length + (change ? 1 : 0))
        assert.equal(answer.token !== null, change)
        assert.equal(answer.body, 'body')
        if (script === 'head-object') assert.equal(answer.headers['x-before'], 'kept')
        if (script === 'head-message') assert.equal(answer.headers['x-own'], 'yes')
        if (own.length > 1) assert.equal(answer.headers['link'], '<a>, <b>')
      })
    }
  }

  group.add('writeHead leaves what it is given alone where no session is used', async (site) => {
    const answer = await site.client().get([], { path: '/node/head-object' })
    assert.equal(answer.headers['cache-control'], 'public, max-age=60')
    assert.equal(answer.headers.vary, 'Accept')
    assert.deepEqual(answer.setCookies, ['own=1'])
  })

  group.add('the reason phrase of writeHead arrives', async (site) => {
    const text = rawRequest(withSteps('/node/head-message', ['set a 1']), ['Connection: close'])
    assert.match(await exchange(site.port, text), /^HTTP\/1\.1 201 Made Here\r\n/)
  })

  group.add('writeHead(204).end() sets the cookie', async (site) => {
    const answer = await site.client().do(['set a 1'], { path: '/node/head-only' })
    assert.equal(answer.status, 204)
    assert.notEqual(answer.token, null)
  })
}

function writeCases(group: Group): void {
  const many = Array.from({ length: 20 }, (_, at) => `${at};`).join('')
  const fast = Array.from({ length: 50 }, (_, at) => `${at};`).join('')
  const bodies: readonly (readonly [script: string, body: string])[] = [
    ['write-many', `${many}end`],
    ['write-fast', `${fast}end`],
    ['end-twice', 'one'],
    ['trailers', 'body'],
    ['hints', 'body'],
  ]
  for (const [script, body] of bodies) {
    group.add(`what is written arrives whole and in order (${script})`, async (site) => {
      slowly(site)
      const client = site.client()
      for (const value of ['1', '2']) {
        const answer = await client.do([`set a ${value}`], { path: `/node/${script}` })
        assert.equal(answer.status, 200)
        assert.equal(answer.body, body)
        if (script === 'trailers') assert.equal(answer.trailers['x-sum'], '42')
        assert.deepEqual((await client.get(['get a'])).out, [value])
      }
    })
  }

  for (const script of ['pipe', 'pipeline']) {
    group.add(`a file of several MB arrives whole while the commit is slow (${script})`, (site) =>
      servesFile(site, script),
    )
  }
}

async function servesFile(site: Site, script: string): Promise<void> {
  slowly(site)
  const folder = await mkdtemp(join(tmpdir(), 'adapter-'))
  try {
    const file = join(folder, 'file')
    const bytes = randomBytes(6 * 1024 * 1024 + 7)
    await writeFile(file, bytes)
    const path = `/node/${script}?file=${encodeURIComponent(file)}`
    const answer = await site.client().do(['set a 1'], { path })
    assert.notEqual(answer.token, null)
    assert.equal(digest(Buffer.from(answer.body, 'latin1')), digest(bytes))
  } finally {
    await rm(folder, { recursive: true })
  }
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
