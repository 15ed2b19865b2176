import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../bin/holdfast.js', import.meta.url))
const nginx = process.env['HOLDFAST_NGINX']
const skip =
  nginx === undefined
    ? (process.env['HOLDFAST_NGINX_MISSING'] ?? 'HOLDFAST_NGINX is not set')
    : false

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function config(args: readonly string[]): Ran {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [MAIN, 'config', 'nginx', ...args],
    { encoding: 'utf8' },
  )
  assert.ok(!stderr.includes('    at '), `no stack trace: ${stderr}`)
  return { code: status, out: stdout, err: stderr }
}

const SITE = ['--domain', 'shop.example', '--app', 'shop=/=http://127.0.0.1:3000']
const MORE = ['--app', 'admin-area=/admin/=unix:/run/admin.sock', '--app', 'six=/six=[::1]:81']

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
  'a cache': [...SITE, '--cache', '/run/holdfast-cache'],
  'several names': [...SITE, '--domain', 'www.shop.example'],
})) {
  test(`nginx takes the configuration of ${name}`, { skip }, (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'nginx-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const { code, out, err } = config([...args, ...ownFiles(folder)])
    assert.equal(code, 0, err)
    const whole = join(folder, 'nginx.conf')
    const site = out.replaceAll('/run/holdfast-cache', join(folder, 'cache'))
    writeFileSync(join(folder, 'site.conf'), site)
    writeFileSync(whole, mainFile(folder))
    execFileSync(nginx ?? '', ['-t', '-q', '-c', whole, '-p', folder], { stdio: 'pipe' })
  })
}

test('every location is checked, or says that it is not', () => {
  const { out } = config([...SITE, ...MORE, '--open', '/assets/'])
  const all = locations(out).filter(([name]) => !/acme-challenge|^\/$/.test(name))
  assert.ok(all.length >= 10)
  for (const [name, body] of locations(out.slice(out.indexOf('ssl http2'))))
    assert.match(body, /auth_request (?:off|\/\.holdfast\/[\w/-]+);/, name)
  // What is not checked shows nothing of an application.
  for (const [name, body] of locations(out))
    if (body.includes('auth_request off')) assert.ok(!body.includes('holdfast_app_'), name)
  assert.match(out, /^ {4}auth_request \/\.holdfast\/shop;$/m)
})

test('the path of an open page leads to the application that it belongs to', () => {
  const { out } = config([...SITE, ...MORE, '--open', '/admin/help', '--login', '/six/enter'])
  const at = new Map(locations(out))
  assert.match(at.get('= /admin/help') ?? '', /admin-area\/optional;[\s\S]*app_admin_area;/)
  assert.match(at.get('= /six/enter') ?? '', /six\/optional;/)
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
  [[...SITE, '--colour'], /--colour/],
  [[...SITE, 'more'], /one word too many/],
]
for (const [args, message] of WRONG) {
  test(`what is wrong is said, and nothing is printed: ${args.join(' ')}`, () => {
    const { code, out, err } = config(args)
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
