import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { scan } from '../canary/scan.mjs'

const id = 'AAAAAAAAAAAAAAAAAAAAA1'
const verifier = 'q3VbN8sXw0ZtYkR5mLpJ7dHfC2gA9uEiOx4TyBv6nQz'
const token = `${id}-${verifier}-TTTTTTTTTTTTTTTTTTTTTT`

function createRun(recorded = [token]) {
  const run = mkdtempSync(join(tmpdir(), 'canary-'))
  mkdirSync(join(run, 'canary'))
  mkdirSync(join(run, 'logs'))
  if (recorded.length > 0) writeFileSync(join(run, 'canary/tokens-1-0'), `${recorded.join('\n')}\n`)
  return run
}

async function hitsOf(content, name = 'logs/a.log') {
  const run = createRun()
  writeFileSync(join(run, name), content)
  return (await scan({ run })).hits
}

const places = {
  'a token in a log': [`token is ${token}\n`, 'a verifier'],
  'a bare verifier inside a longer run': [`${'x'.repeat(300)}${verifier}yy`, 'a verifier'],
  'a verifier in a binary file': [
    Buffer.concat([Buffer.alloc(99, 0xff), Buffer.from(verifier)]),
    'a verifier',
  ],
  'a verifier in hex': [Buffer.from(verifier).toString('hex'), 'a verifier in hex'],
  'a verifier in upper-case hex': [
    Buffer.from(verifier).toString('hex').toUpperCase(),
    'a verifier in hex',
  ],
}
for (const before of ['', 'a', 'ab', 'abc']) {
  const text = Buffer.from(`${before}${token}`).toString('base64')
  places[`a token in base64 after ${before.length} bytes`] = [text, 'a verifier in base64']
}

for (const [name, [content, kind]] of Object.entries(places)) {
  test(`${name} is found and not repeated`, async () => {
    const hits = await hitsOf(content)
    assert.equal(hits.length, 1)
    assert.match(hits[0], new RegExp(`^logs/a\\.log at byte \\d+: ${kind}$`))
    assert.ok(!hits[0].includes(verifier))
  })
}

test('a verifier across the border of two chunks is found once, with its offset', async () => {
  for (const shift of [0, 1, 42, 43, 85, 86]) {
    const at = 1024 * 1024 - shift
    const content = Buffer.alloc(at + 200, 0x20)
    content.write(verifier, at)
    assert.deepEqual(await hitsOf(content), [`logs/a.log at byte ${at}: a verifier`])
  }
})

test('a verifier in a file name is found', async () => {
  assert.match((await hitsOf('', `logs/${verifier}`)).join(), /^a file name in logs: a verifier$/)
})

test('other text of the same form, and a changed verifier, are not hits', async () => {
  const changed = `${verifier.slice(0, -1)}y`
  assert.deepEqual(await hitsOf(`${changed} ${'0123456789'.repeat(50)} ${verifier.slice(1)}`), [])
})

test('the counts say what was compared, and the browser folders that were not', async () => {
  const run = createRun([token, token])
  mkdirSync(join(run, 'playwright_profile'))
  writeFileSync(join(run, 'playwright_profile/Cookies'), token)
  writeFileSync(join(run, 'logs/a.log'), 'nothing')
  const { tokens, files, bytes, hits, skipped } = await scan({ run })
  assert.deepEqual(
    { tokens, files, bytes, hits, skipped },
    {
      tokens: 1,
      files: 1,
      bytes: 7,
      hits: [],
      skipped: ['playwright_profile'],
    },
  )
})

test('no token, or one of an unknown shape, is told', async () => {
  assert.equal((await scan({ run: createRun([]) })).tokens, 0)
  assert.equal((await scan({ run: createRun(['nonsense']) })).malformed, 1)
})

const preload = new URL('../canary/record.mjs', import.meta.url).href

// A process that serves one response, with a stand-in for the core's TokenKeys.
const server = `
  import http from 'node:http'
  import { createFile, recordTokens, teeResponses } from ${JSON.stringify(preload)}
  class TokenKeys { issue(id, verifier) { return id + '-' + verifier + '-TTTTTTTTTTTTTTTTTTTTTT' } }
  recordTokens(TokenKeys, createFile(process.env.CANARY, 'tokens'))
  teeResponses(http.ServerResponse, createFile(process.env.CANARY, 'tee'))
  const token = new TokenKeys().issue(${JSON.stringify(id)}, ${JSON.stringify(verifier)})
  const server = http.createServer((request, response) => {
    if (request.url === '/head') response.setHeader('X-Leak', token)
    response.writeHead(200, ['Set-Cookie', 'a=' + token, 'X-Other', 'seen'])
    response.write(Buffer.from('first '))
    if (request.url === '/token') response.write(JSON.stringify({ refresh_token: token }))
    if (request.url === '/other') response.write(JSON.stringify({ other_token: token }))
    response.end(request.url === '/body' ? Buffer.from(token).toString('base64') : 'aGVsbG8=', 'base64')
  })
  server.listen(0, '127.0.0.1', async () => {
    const { port } = server.address()
    await (await fetch('http://127.0.0.1:' + port + process.env.URL_PATH)).text()
    if (process.env.END === 'kill') setTimeout(() => process.kill(process.pid, 'SIGKILL'), 500)
    else process.exit(0)
  })`

function serve(path, end = 'exit') {
  const run = createRun([])
  const canary = join(run, 'canary')
  const env = { ...process.env, NODE_OPTIONS: '', CANARY: canary, URL_PATH: path, END: end }
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', server], {
    env,
  })
  assert.equal(status, end === 'kill' ? null : 0, String(stderr))
  const tee = readdirSync(canary).find((name) => name.startsWith('tee-'))
  return { run, tee: readFileSync(join(canary, tee), 'utf8') }
}

test('a token in Set-Cookie alone is no hit; other headers and the body are compared', async () => {
  const { run, tee } = serve('/')
  assert.match(tee, /X-Other: seen[\s\S]*first[\s\S]*hello/)
  assert.doesNotMatch(tee, /Set-Cookie/i)
  const { tokens, hits } = await scan({ run })
  assert.deepEqual({ tokens, hits }, { tokens: 1, hits: [] })
})

test('a token in another header, or in the body, is found', async () => {
  for (const path of ['/head', '/body']) {
    const { hits } = await scan({ run: serve(path).run })
    assert.match(hits.join(), /^canary\/tee-\S+ at byte \d+: a verifier$/)
  }
})

test('a refresh token in the member that is for it is no hit, in any other it is', async () => {
  assert.deepEqual((await scan({ run: serve('/token').run })).hits, [])
  assert.equal((await scan({ run: serve('/other').run })).hits.length, 1)
})

test('the tokens of grants, whose ids are longer, are looked for too', async () => {
  const run = createRun([`${id}Grant123-${verifier}-TTTTTTTTTTTTTTTTTTTTTT`])
  writeFileSync(join(run, 'logs/a.log'), verifier)
  const { malformed, hits } = await scan({ run })
  assert.deepEqual([malformed, hits.length], [0, 1])
})

test('what a process issued and sent is kept when it is killed', async () => {
  const { run } = serve('/head', 'kill')
  const { tokens, hits } = await scan({ run })
  assert.deepEqual({ tokens, hits: hits.length }, { tokens: 1, hits: 1 })
})

test('the preload records what the real core issues, in grandchildren too, and finds it in a log', async () => {
  const run = createRun([])
  const url = new URL('../canary/preload.mjs', import.meta.url).href
  const grandchild = `
    import { TokenKeys } from '@holdfast/core/engine'
    const keys = new TokenKeys([{ id: 'k1', bytes: new Uint8Array(32).fill(7) }], 'session', 'canary')
    process.stdout.write(keys.issue('${id}', '${verifier}'))`
  const child = `require('node:child_process').execFileSync(process.execPath,
    ['--input-type=module', '-e', ${JSON.stringify(grandchild)}], { stdio: 'inherit' })`
  const env = {
    ...process.env,
    NODE_OPTIONS: `--import=${url}`,
    HOLDFAST_CANARY_DIR: join(run, 'canary'),
  }
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', child], {
    env,
    cwd: new URL('.', import.meta.url),
  })
  assert.ok(stdout.includes(verifier), String(stderr))
  writeFileSync(join(run, 'logs/a.log'), stdout)
  const { tokens, hits } = await scan({ run })
  assert.deepEqual({ tokens, hits: hits.length }, { tokens: 1, hits: 1 })
})

test('without the variable, or without a compiled core, the preload does nothing', () => {
  const env = {
    ...process.env,
    HOLDFAST_CANARY_DIR: '',
    NODE_OPTIONS: `--import=${new URL('../canary/preload.mjs', import.meta.url)}`,
  }
  assert.equal(spawnSync(process.execPath, ['-e', '0'], { env }).status, 0)
})
