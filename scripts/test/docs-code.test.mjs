import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { checkShell, compilePage, prepare } from '../lib/docs-code.mjs'
import { listPages, readBlocks } from '../lib/docs.mjs'
import { runPool } from '../lib/pool.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')
const PAGES = /^(?:docs|decisions|[A-Z]+\.md|packages)/
const temp = mkdtempSync(join(process.env['HOLDFAST_TEST_TMP'] ?? tmpdir(), 'docs-'))
const pages = listPages(root).filter(({ name }) => PAGES.test(name))
const folderOf = ({ name }) => join(temp, name.replaceAll(/\W/g, '-'))
const outputOf = (name) => join(folderOf({ name }), 'out')
const key = randomBytes(32).toString('base64url')
const children = new Set()
let complaints = []

before(async () => {
  const results = new Map()
  await runPool(pages, 2, async (page) => {
    results.set(page.name, await compilePage(root, page, folderOf(page)))
  })
  complaints = [...results.values()].filter((text) => text !== '')
})

after(() => {
  for (const child of children) child.kill('SIGKILL')
})

test('all code in the documents compiles against the built packages', () => {
  assert.equal(complaints.join('\n'), '')
})

test('all shell commands in the documents are well-formed', async () => {
  for (const page of pages) assert.deepEqual(await checkShell(page), [])
})

test('the code of the README works when it is pasted', async () => {
  const { text } = pages.find(({ name }) => name === 'README.md')
  const app = readBlocks(text).find(({ file }) => file === 'app.mjs')
  const folder = join(temp, 'pasted')
  prepare(root, folder)
  writeFileSync(join(folder, 'app.mjs'), app.code)
  const origin = await start(join(folder, 'app.mjs'), folder, (browser) =>
    browser.post('/login', { name: 'first' }),
  )
  assert.equal((await as(origin).get('/me')).body.subject, null)
  const browser = as(origin)
  await signInAndOut(browser, { name: 'ada' }, 'ada')
})

test('the Express application of "getting started" signs in, lists devices and ends them', async () => {
  const folder = outputOf('docs/getting-started.md')
  const origin = await start(join(folder, 'app.js'), folder, (browser) =>
    browser.post('/login', { name: 'first', password: 'open sesame' }),
  )
  const [laptop, phone] = [as(origin), as(origin)]
  const wrong = await laptop.post('/login', { name: 'ada', password: 'wrong' })
  assert.deepEqual([wrong.status, wrong.cookies], [401, []])
  for (const browser of [laptop, phone])
    assert.equal(
      (await browser.post('/login', { name: 'ada', password: 'open sesame' })).status,
      200,
    )
  const { body: devices } = await laptop.get('/devices')
  assert.equal(devices.length, 2)
  assert.equal((await laptop.post('/cart', { item: 'bread' })).body.join(), 'bread')
  assert.equal((await phone.get('/me')).body.subject, 'ada')
  const other = devices.find(({ current }) => !current)
  assert.equal((await laptop.post(`/devices/${other.id}/end`)).status, 204)
  assert.equal((await phone.get('/me')).status, 401)
  assert.equal((await laptop.post('/password', { password: 'new' })).status, 204)
  assert.equal((await laptop.post('/logout')).status, 204)
  assert.equal((await laptop.get('/me')).status, 401)
})

test('the node:http server of "getting started" counts visits', async () => {
  const folder = outputOf('docs/getting-started.md')
  const origin = await start(join(folder, 'server.js'), folder, (browser) => browser.post('/'))
  const browser = as(origin)
  assert.equal((await browser.post('/')).body.visits, 1)
  assert.equal((await browser.post('/')).body.visits, 2)
  assert.equal((await as(origin).post('/')).body.visits, 1)
})

test('the fetch handler of "getting started" counts visits', async () => {
  process.env['SESSION_KEY'] = key
  const { handle } = await import(
    pathToFileURL(join(outputOf('docs/getting-started.md'), 'fetch.js')).href
  )
  const url = 'https://shop.example/'
  const headers = { origin: 'https://shop.example' }
  const first = await handle(new Request(url, { method: 'POST', headers }))
  assert.deepEqual(await first.json(), { visits: 1 })
  const [cookie] = first.headers.getSetCookie()[0].split(';')
  const again = await handle(new Request(url, { method: 'POST', headers: { ...headers, cookie } }))
  assert.deepEqual(await again.json(), { visits: 2 })
  const foreign = { origin: 'https://evil.example', cookie }
  assert.equal((await handle(new Request(url, { method: 'POST', headers: foreign }))).status, 403)
})

/**
 * Starts a script that listens on PORT, and gives its origin. `firstWrite` is tried until it succeeds: the first of a process waits for
 * the writing thread to start, which a busy machine may delay beyond the store's deadline.
 */
async function start(script, folder, firstWrite) {
  const port = await freePort()
  mkdirSync(folder, { recursive: true })
  const env = { ...process.env, PORT: String(port), SESSION_KEY: key }
  const child = spawn(process.execPath, [script], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const origin = `http://localhost:${port}`
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) break
    const answer = await fetch(origin).catch(() => null)
    if (answer !== null && (await firstWrite(as(origin))).status === 200) return origin
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  assert.fail(`${script} does not answer: ${output}`)
}

async function freePort() {
  const server = createServer().listen(0, 'localhost')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** A browser with one cookie jar. */
function as(origin) {
  const jar = new Map()
  const send = async (method, path, body) => {
    const headers = { origin, cookie: [...jar].map((pair) => pair.join('=')).join('; ') }
    if (body !== undefined) headers['content-type'] = 'application/json'
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
    const response = await fetch(origin + path, init)
    const cookies = response.headers.getSetCookie()
    for (const line of cookies) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)
      if (value === '') jar.delete(name)
      else jar.set(name, value)
    }
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    return { status: response.status, cookies, body: isJson ? JSON.parse(text) : text }
  }
  return { get: (path) => send('GET', path), post: (path, body) => send('POST', path, body) }
}

async function signInAndOut(browser, form, subject) {
  const login = await browser.post('/login', form)
  assert.equal(login.status, 200)
  assert.equal(login.cookies.length, 1)
  assert.equal((await browser.get('/me')).body.subject, subject)
  const logout = await browser.post('/logout')
  assert.deepEqual([logout.status, logout.body.subject], [200, null])
  assert.equal((await browser.get('/me')).body.subject, null)
}
