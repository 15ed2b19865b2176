import assert from 'node:assert/strict'
import type { RejectionReason } from '@holdfast/core'
import { COOKIE, withSteps } from '../client.js'
import type { Group } from '../define.js'
import { exchange, rawRequest, setsCookie, statuses } from '../raw.js'
import { randomText, Seeded } from '../seeded.js'
import type { Site } from '../site.js'

const ME = withSteps('/json', ['me'])
const NOBODY = '{"out":[{"id":null,"subject":null}]}'
const ANN = /"subject":"ann"/

/** Whatever a client sends as its cookie: one defined answer, no crash, no store call. */
export function badInputCases(group: Group): void {
  group.add(`a token with any byte altered is no session (seed ${group.seed})`, async (site) => {
    const token = (await site.signedIn()).token ?? ''
    const random = new Seeded(group.seed)
    const values: string[] = []
    for (let at = 0; at < token.length; at++) {
      const here = token[at] ?? ''
      const others = [swapCase(here), '-', '.', '\u00e9', randomText(random, 1)]
      for (const other of others) {
        if (other !== here) values.push(token.slice(0, at) + other + token.slice(at + 1))
      }
      values.push(token.slice(0, at) + token.slice(at + 1))
      values.push(`${token.slice(0, at)}${randomText(random, 1)}${token.slice(at)}`)
    }
    await allRefused(site, values)
  })

  group.add('a token cut short or continued is no session', async (site) => {
    const token = (await site.signedIn()).token ?? ''
    const cut = Array.from({ length: token.length - 1 }, (_, at) => token.slice(0, at + 1))
    const tails = ['0', '-', '=', '%00', '.', '-x', token, `-${token}`, ' x', '\u00ff']
    await allRefused(site, [...cut, ...tails.map((tail) => token + tail)])
  })

  group.add('a token in another encoding is no session', async (site) => {
    const token = (await site.signedIn()).token ?? ''
    const bytes = Buffer.from(token)
    await allRefused(site, [
      encodeURIComponent(token).replaceAll('-', '%2D'),
      [...bytes].map((byte) => `%${byte.toString(16)}`).join(''),
      bytes.toString('base64url'),
      bytes.toString('hex'),
      token.toLowerCase(),
      token.toUpperCase(),
      `"${token}"`,
      `'${token}'`,
      `s:${token}`,
      `j:"${token}"`,
      token.replaceAll('-', '.'),
      Array.from(token).toReversed().join(''),
    ])
  })

  duplicateCases(group)
  nameCases(group)
  byteCases(group)
}

/** Each value as the cookie's: anonymous, no store call, one event. */
async function allRefused(
  site: Site,
  values: readonly string[],
  reason: RejectionReason = 'malformed',
): Promise<void> {
  await allAnonymous(
    site,
    values.map((value) => [`${COOKIE}=${value}`]),
    reason,
  )
}

async function allAnonymous(
  site: Site,
  headers: readonly (readonly string[])[],
  reason: RejectionReason | null,
): Promise<void> {
  const client = site.client()
  const before = site.store.calls()
  for (const lines of headers) {
    site.events.splice(0)
    const answer = await client.get(['me'], { cookie: lines })
    const shown = JSON.stringify(lines).slice(0, 300)
    assert.equal(answer.status, 200, shown)
    assert.equal(answer.body, NOBODY, shown)
    assert.deepEqual(answer.setCookies, [], shown)
    assert.deepEqual(site.takeRejections(), reason === null ? [] : [reason], shown)
  }
  assert.equal(site.store.calls(), before, 'the store is not asked')
}

function duplicateCases(group: Group): void {
  group.add('of two cookies of our name, the one with a right tag counts', async (site) => {
    const client = await site.signedIn()
    const token = client.token ?? ''
    const forged = token.slice(0, -4) + (token.endsWith('0000') ? '1111' : '0000')
    for (const other of [forged, '', 'x', '"', token.slice(1)]) {
      const pair = [`${COOKIE}=${token}`, `${COOKIE}=${other}`]
      for (const [one, two] of [pair, pair.toReversed()]) {
        for (const cookie of [`${one}; ${two}`, [one ?? '', two ?? '']]) {
          const answer = await client.get(['me'], { cookie })
          assert.match(answer.body, ANN)
          assert.deepEqual(answer.setCookies, [])
        }
      }
    }
  })

  group.add('two cookies with right tags, or the same one twice, are ambiguous', async (site) => {
    const [ann, bob] = [await site.signedIn('ann'), await site.signedIn('bob')]
    const [one, two] = [`${COOKIE}=${ann.token}`, `${COOKIE}=${bob.token}`]
    const pairs = [
      [one, two],
      [two, one],
      [one, one],
    ] as const
    await allAnonymous(
      site,
      pairs.flatMap((pair) => [[pair.join('; ')], pair]),
      'ambiguous',
    )
    await allAnonymous(site, [[`${COOKIE}=x; ${COOKIE}=y`]], 'ambiguous')
  })

  group.add(
    'under __Secure- any second cookie is ambiguous',
    async (site) => {
      const client = await site.signedIn()
      const token = client.jar.get('__Secure-session') ?? ''
      assert.notEqual(token, '')
      const other = `__Secure-session=x`
      const cookie = `__Secure-session=${token}; ${other}`
      await allAnonymous(site, [[cookie], [other, `__Secure-session=${token}`]], 'ambiguous')
      assert.match((await client.get(['me'])).body, ANN)
    },
    { transport: { trustProxy: ['loopback'], cookie: { domain: 'app.example' } } },
  )

  group.add('more than eight cookies of our name are malformed', async (site) => {
    const { token } = await site.signedIn()
    const nine = [`${COOKIE}=${token}`, ...Array.from({ length: 8 }, (_, at) => `${COOKIE}=${at}`)]
    await allAnonymous(site, [[nine.join('; ')], nine], 'malformed')
    const eight = nine.slice(0, 8).join('; ')
    assert.match((await site.client().get(['me'], { cookie: eight })).body, ANN)
  })

  group.add('our cookie is found among others, over several Cookie headers', async (site) => {
    const { token } = await site.signedIn()
    const own = `${COOKIE}=${token}`
    for (const cookie of [
      `a=1; ${own}; b=2`,
      `a=1;${own}`,
      [`a=1`, own, `b=2`],
      [own, ''],
      `; ;;${own};`,
      `$Version=1; ${own}; $Path=/`,
      `a="x; ${own}; y"`,
      `${'x'.repeat(8000)}=1; ${own}`,
    ]) {
      assert.match(
        (await site.client().get(['me'], { cookie })).body,
        ANN,
        String(cookie).slice(0, 80),
      )
    }
  })
}

function nameCases(group: Group): void {
  group.add('cookies of similar names, and nameless ones, are not ours', async (site) => {
    const { token } = await site.signedIn()
    const headers = [
      '__host-session',
      '__HOST-session',
      '__Host-Session',
      '__Host-session2',
      'x__Host-session',
      'session',
      '__Secure-session',
      '__Host-sessio',
      '%5F%5FHost-session',
      '__Host%2Dsession',
      '__Host-session%20',
      '__Host-session.',
      '"__Host-session"',
      '$__Host-session',
      '-__Host-session',
    ].map((name) => [`${name}=${token}`])
    await allAnonymous(
      site,
      [
        ...headers,
        [`${token}`],
        [`=${token}`],
        [`=${COOKIE}=${token}`],
        [COOKIE],
        [`${COOKIE}:${token}`],
        [`a=1, ${COOKIE}=${token}`],
        [`a=${COOKIE}=${token}`],
        ['$Version=1'],
        [''],
        [';'],
        ['='],
        ['=;=;='],
      ],
      null,
    )
  })

  group.add('an empty value is malformed', (site) => allRefused(site, ['', ' ', '\t', '""']))
}

function byteCases(group: Group): void {
  group.add('every byte, in and around the value, has a defined answer', async (site) => {
    const token = (await site.signedIn()).token ?? ''
    const before = site.store.calls('find')
    let served = 0
    for (let byte = 0; byte <= 255; byte++) {
      const char = String.fromCodePoint(byte)
      // These end the pair or the header, or are dropped around a value: what is left may be the whole token.
      const harmless = ['\t', ' ', ';', '\r', '\n'].includes(char)
      for (const value of [`${token}${char}`, `${char}${token}`, middle(token, char)]) {
        if (value === token) continue
        const lines = [`Cookie: ${COOKIE}=${value}`, 'Connection: close']
        const received = await exchange(site.port, rawRequest(ME, lines))
        const [status] = statuses(received)
        assert.ok(status === 200 || status === 400, `byte ${byte}: ${status}`)
        assert.equal(setsCookie(received), false)
        if (status === 200 && !harmless) {
          served += 1
          assert.ok(received.includes(NOBODY), `byte ${byte}`)
        }
      }
    }
    assert.ok(served > 500, 'most bytes reach the application')
    assert.ok(site.store.calls('find') <= before + 15)
  })

  group.add('a cookie header of 16 KiB has a defined answer', async (site) => {
    const { token } = await site.signedIn()
    const own = `${COOKIE}=${token}`
    for (const cookie of [
      `${own}; a=${'x'.repeat(16_384)}`,
      `${Array.from({ length: 1600 }, (_, at) => `c${at}=v`).join('; ')}; ${own}`,
      `${COOKIE}=${'A'.repeat(16_384)}`,
      `${COOKIE}=${'A'.repeat(12_000)}`,
      Array.from({ length: 1000 }, () => `${COOKIE}=x`).join('; '),
    ]) {
      const received = await exchange(
        site.port,
        rawRequest(ME, [`Cookie: ${cookie}`, 'Connection: close']),
      )
      const [status] = statuses(received)
      // 431: the server refuses to read so much.
      assert.ok(status === 200 || status === 431, String(status))
      assert.equal(setsCookie(received), false)
      if (status === 200) assert.equal(ANN.test(received), cookie.includes(own))
    }
  })

  group.add(`random headers (seed ${group.seed}) crash nothing`, async (site) => {
    const random = new Seeded(group.seed)
    const token = (await site.signedIn()).token ?? ''
    const parts = [COOKIE, '=', ';', ' ', ',', '"', token, '%', '\u00ff', '\t', '-', 'a'] as const
    const client = site.client()
    for (let count = 0; count < 300; count++) {
      const cookie = Array.from({ length: random.below(12) }, () => random.pick(parts)).join('')
      const answer = await client.get(['me'], { cookie })
      assert.equal(answer.status, 200, JSON.stringify(cookie))
      assert.deepEqual(answer.setCookies, [])
    }
  })
}

function middle(token: string, char: string): string {
  return `${token.slice(0, 30)}${char}${token.slice(31)}`
}

function swapCase(char: string): string {
  return char === char.toUpperCase() ? char.toLowerCase() : char.toUpperCase()
}
