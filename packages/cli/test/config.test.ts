import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { run } from '../src/lib/run.js'

const MAIN = fileURLToPath(new URL('../../bin/holdfast.js', import.meta.url))
const nginx = process.env['HOLDFAST_NGINX']
const skip =
  nginx === undefined
    ? (process.env['HOLDFAST_NGINX_MISSING'] ?? 'HOLDFAST_NGINX is not set')
    : false

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** In this process, as the command would: it is asked often. */
async function config(args: readonly string[]): Promise<Ran> {
  const said = { out: '', err: '' }
  const code = await run(['config', 'nginx', ...args], {
    env: {},
    out: (text) => (said.out += `${text}\n`),
    err: (text) => (said.err += `${text}\n`),
    live: null,
    stopSignal: () => new AbortController().signal,
  })
  return { code, ...said }
}

const EXAMPLE = fileURLToPath(
  new URL('../../../../deploy/nginx/shop.example.conf', import.meta.url),
)
const DOMAIN = 'shop.example'
const SITE = ['--domain', DOMAIN, '--app', 'shop=/=http://127.0.0.1:3000']
const MORE = ['--app', 'admin-area=/admin/=unix:/run/admin.sock', '--app', 'six=/six=[::1]:81']

const CACHE = ['--cache', '/run/holdfast-cache']

/** Every location of a configuration, with what stands in it. */
function locations(text: string): readonly (readonly [string, string])[] {
  const found = text.matchAll(/^ {4}location ([^{]+) \{\n([\s\S]*?)^ {4}\}/gm)
  return Array.from(found, ([, name = '', body = '']) => [name, body] as const)
}

for (const [name, args] of Object.entries({
  'one application': SITE,
  'several applications and open paths': [
    ...SITE,
    ...MORE,
    '--open',
    '/assets/',
    '--open',
    '/about',
  ],
  'an application that is open as a whole': [...SITE, ...MORE, '--open', '/', '--open', '/six/'],
  'a path that is said twice': [...SITE, '--login', '/in', '--open', '/in', '--domain', DOMAIN],
  'several names': [...SITE, '--domain', 'www.shop.example'],
})) {
  test(`nginx takes the configuration of ${name}`, { skip }, (t) => takes(t, [args]))
}

test('nginx takes two sites with a cache each', { skip }, async (t) => {
  const other = ['--domain', 'wiki.example', '--app', 'wiki=/=127.0.0.1:3001']
  await takes(t, [
    [...SITE, ...CACHE],
    [...other, '--cache', '/run/holdfast-cache-of-wiki'],
  ])
})

test('the example in deploy/nginx is what the command prints today, and nginx takes it', async (t) => {
  const committed = readFileSync(EXAMPLE, 'utf8')
  const [, made = ''] = /^# Made by: holdfast config nginx (.*)$/m.exec(committed) ?? []
  const args = made.split(' ')
  const shell = [MAIN, 'config', 'nginx', ...args]
  assert.equal(execFileSync(process.execPath, shell, { encoding: 'utf8' }), committed)
  if (skip === false) await takes(t, [args])
  else t.diagnostic(`not tried with nginx: ${skip}`)
})

/** nginx starts with these sites, beside each other. */
async function takes(t: TestContext, sites: readonly (readonly string[])[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const own = ownFiles(folder)
  const texts: string[] = []
  for (const args of sites) {
    const { code, out, err } = await config([...args, ...own])
    assert.equal(code, 0, err)
    texts.push(out.replaceAll('/run/holdfast-cache', join(folder, 'cache')))
  }
  const whole = join(folder, 'nginx.conf')
  writeFileSync(join(folder, 'site.conf'), texts.join('\n'))
  writeFileSync(whole, mainFile(folder))
  const { status, stderr } = spawnSync(nginx ?? '', ['-t', '-q', '-c', whole, '-p', folder], {
    encoding: 'utf8',
  })
  assert.deepEqual([status, stderr], [0, ''])
}

test('every location is checked, or says that it is not', async () => {
  const { out } = await config([...SITE, ...MORE, '--open', '/assets/'])
  const all = locations(out).filter(([name]) => !/acme-challenge|^\/$/.test(name))
  assert.ok(all.length >= 10)
  for (const [name, body] of locations(out.slice(out.indexOf('ssl http2'))))
    assert.match(body, /auth_request (?:off|\/\.holdfast\/[\w/-]+);/, name)
  assert.match(out, /^ {4}satisfy all;$/m)
  // What is not checked shows nothing of an application.
  for (const [name, body] of locations(out))
    if (body.includes('auth_request off')) assert.ok(!body.includes('holdfast_app_'), name)
  assert.match(out, /^ {4}auth_request \/\.holdfast\/shop;$/m)
})

test('the path of an open page leads to the application that it belongs to', async () => {
  const { out } = await config([...SITE, ...MORE, '--open', '/admin/help', '--login', '/six/enter'])
  const at = new Map(locations(out))
  assert.match(
    at.get('= /admin/help') ?? '',
    /admin-area\/optional;[\s\S]*app_admin_area\.shop\.example\/admin\/help;/,
  )
  assert.match(at.get('= /six/enter') ?? '', /six\/optional;/)
})

test('an open path is said once, and everything else of its application is not open', async () => {
  const { out } = await config([...SITE, ...MORE, '--open', '/admin/', '--open', '/admin/'])
  const at = locations(out).filter(([, body]) => body.includes('app_admin_area'))
  assert.deepEqual(
    at.map(([name]) => name),
    ['/admin/'],
  )
  assert.match(at[0]?.[1] ?? '', /admin-area\/optional;/)
})

/** What would write directives of its own into the configuration, or hide from its reader. */
const HOSTILE = [
  ';',
  '{',
  '}',
  '\n',
  '\r',
  '$',
  "'",
  '"',
  '\\',
  '#',
  ' ',
  '\t',
  '\u0000',
  '\u2028',
  'é',
]
const OPTIONS: readonly (readonly [string, (text: string) => string])[] = [
  ['--domain', (text) => `shop${text}.example`],
  ['--app', (text) => `sh${text}op=/x/=127.0.0.1:1`],
  ['--app', (text) => `other=/x${text}/=127.0.0.1:1`],
  ['--app', (text) => `other=/x/=127.0.0.1${text}:1`],
  ['--app', (text) => `other=/x/=127.0.0.1:1${text}`],
  ['--app', (text) => `other=/x/=unix:/run/x${text}`],
  ['--open', (text) => `/x${text}`],
  ['--login', (text) => `/x${text}`],
  ['--socket', (text) => `/run/x${text}`],
  ['--certificate', (text) => `/etc/x${text}`],
  ['--certificate-key', (text) => `/etc/x${text}`],
  ['--cache', (text) => `/run/x${text}`],
  ['--http-port', (text) => `80${text}1`],
  ['--https-port', (text) => `80${text}1`],
]
test('no option takes what could write a directive of its own', async () => {
  for (const [option, value] of OPTIONS)
    for (const character of HOSTILE) {
      const { code, out, err } = await config([...SITE, option, value(character)])
      const what = `${option} ${JSON.stringify(value(character))}`
      assert.deepEqual([code, out], [2, ''], what)
      assert.ok(err.startsWith(`${option} takes `), `${what}: ${err}`)
    }
})

const WRONG: readonly (readonly [readonly string[], RegExp])[] = [
  [[], /Give --domain/],
  [['--domain', 'shop.example'], /Give --app/],
  [['--domain', 'a b', ...SITE.slice(2)], /--domain takes a name/],
  [['--domain', 'x;}', ...SITE.slice(2)], /--domain takes a name/],
  [[...SITE.slice(0, 2), '--app', 'shop'], /--app takes NAME=PATH=UPSTREAM/],
  [[...SITE.slice(0, 2), '--app', 'shop=/;=127.0.0.1:1'], /--app takes/],
  [[...SITE.slice(0, 2), '--app', 'shop=/=127.0.0.1:1;return 200'], /--app takes/],
  [[...SITE.slice(0, 2), '--app', 'shop=/=https://a.example:1'], /--app takes/],
  [[...SITE.slice(0, 2), '--app', 'shop=/=127.0.0.1:99999'], /--app takes/],
  [[...SITE, '--app', 'shop=/x/=127.0.0.1:1'], /stands twice/],
  [[...SITE, '--app', 'other=/=127.0.0.1:1'], /stands twice/],
  [[...SITE, '--login', 'login'], /--login takes a path/],
  [[...SITE, '--open', '/a$b'], /--open takes a path/],
  [[...SITE, '--socket', '../x'], /--socket takes an absolute path/],
  [[...SITE, '--certificate', '/a b;'], /--certificate takes an absolute path/],
  [[...SITE, '--https-port', '0'], /--https-port takes a port/],
  [[...SITE, '--cache', '/run/../etc'], /--cache takes an absolute path/],
  [[...SITE, '--open', '/.holdfast/shop'], /--open takes a path/],
  [[...SITE, '--open', '/a/../b'], /--open takes a path/],
  [[...SITE, '--login', '/./x'], /--login takes a path/],
  [[...SITE, '--open', `/${'a'.repeat(60)}!`], /--open takes a path/],
  [[...SITE, '--app', 'x=/.holdfast=127.0.0.1:1'], /--app takes/],
  [[...SITE, '--app', 'x=/../=127.0.0.1:1'], /--app takes/],
  [[...SITE, '--http-port', '443'], /must differ/],
  [[...SITE, '--colour'], /--colour/],
  [[...SITE, 'more'], /one word too many/],
]
for (const [args, message] of WRONG) {
  test(`what is wrong is said, and nothing is printed: ${args.join(' ')}`, async () => {
    const { code, out, err } = await config(args)
    assert.equal(code, 2)
    assert.equal(out, '')
    assert.match(err, message)
  })
}

/** A certificate of its own, and ports that need no rights. */
function ownFiles(folder: string): readonly string[] {
  const key = join(folder, 'key.pem')
  const certificate = join(folder, 'certificate.pem')
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  writeFileSync(key, privateKey.export({ type: 'sec1', format: 'pem' }))
  const subject = ['-subj', '/CN=shop.example', '-days', '2']
  execFileSync('openssl', ['req', '-x509', '-new', '-key', key, '-out', certificate, ...subject])
  const ports = ['--http-port', '18080', '--https-port', '18443']
  return ['--certificate', certificate, '--certificate-key', key, ...ports]
}

function mainFile(folder: string): string {
  mkdirSync(join(folder, 'temporary'))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/temporary/${name};`)
    .join('\n')
  return `pid ${folder}/nginx.pid; error_log stderr; events {} http { access_log off; ${temporary} include ${folder}/site.conf; }`
}
