import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import test, { after, before } from 'node:test'
import { fileURLToPath } from 'node:url'
import { FAST, PostgresServer, skipPostgres as skip } from '@holdfast/test-servers/postgres'

const MAIN = fileURLToPath(new URL('../../bin/holdfast.js', import.meta.url))

let server: PostgresServer

if (skip === false) {
  before(async () => {
    server = await PostgresServer.start({ settings: FAST, password: 's3cret' })
  })
  after(() => server.remove())
}

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function holdfast(args: readonly string[], env: Record<string, string> = {}): Ran {
  const inherited = { ...process.env }
  delete inherited['HOLDFAST_STORE']
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    env: { ...inherited, ...env },
  })
  assert.ok(!`${stdout}${stderr}`.includes('s3cret'), 'a password is never printed')
  assert.ok(!stderr.includes('    at '), `no stack trace: ${stderr}`)
  return { code: status, out: stdout, err: stderr }
}

test('makes the tables, says so, and finds nothing to do the second time', { skip }, () => {
  const first = holdfast(['migrate', server.url, '--status'])
  assert.equal(first.code, 3, first.err)
  assert.match(first.out, /missing 001-sessions\n.*version 0 of 1, 1 to apply/)
  const done = holdfast(['migrate', server.url])
  assert.equal(done.code, 0, done.err)
  assert.match(done.out, /applied 001-sessions\nDone: schema holdfast of .* is up to date/)
  const second = holdfast(['migrate', server.url])
  assert.deepEqual([second.code, second.out.startsWith('Nothing to do')], [0, true])
  const status = holdfast(['migrate', server.url, '--status'])
  assert.deepEqual([status.code, /version 1 of 1, up to date/.test(status.out)], [0, true])
})

test('reads HOLDFAST_STORE and PGPASSWORD, and makes another schema', { skip }, () => {
  const address = new URL(server.url)
  const { password } = address
  address.password = ''
  const env = { HOLDFAST_STORE: address.href, PGPASSWORD: password }
  const ran = holdfast(['migrate', '--schema', 'shop'], env)
  assert.equal(ran.code, 0, ran.err)
  assert.match(ran.out, /schema shop of/)
})

test('a database that refuses or is not there: one line that says so, code 1', { skip }, () => {
  const wrong = server.url.replace('s3cret', 'wrong')
  const refused = holdfast(['migrate', wrong])
  assert.equal(refused.code, 1)
  assert.match(refused.err, /refuses the user or the password/)
  const absent = holdfast(['migrate', 'postgres://a:s3cret@127.0.0.1:1/x'])
  assert.equal(absent.code, 1)
  assert.match(absent.err, /^holdfast migrate failed: PostgreSQL cannot be used now .*ECONNREFUSED/)
})

const WRONG: readonly (readonly [readonly string[], RegExp])[] = [
  [[], /Commands:/],
  [['frobnicate'], /no command 'frobnicate'/],
  [['migrate'], /HOLDFAST_STORE/],
  [['migrate', 'redis://u:s3cret@h'], /needs no migration/],
  [['migrate', 'postgres://u:s3c/ret@h:x y'], /not the address of a database/],
  [['migrate', 'postgres://h/a', 'postgres://h/b'], /one database/],
  [['migrate', 'postgres://h/a', '--schema', 'A"; drop'], /--schema takes/],
  [['migrate', 'postgres://h/a', '--force'], /--force/],
  [['postgres://u:s3cret@h/d'], /no command of that name/],
]

for (const [args, message] of WRONG) {
  test(`holdfast ${args.join(' ')}: is not understood, code 2`, () => {
    const ran = holdfast(args)
    assert.equal(ran.code, 2)
    assert.match(ran.err, message)
    assert.equal(ran.out, '')
  })
}

test('--help explains, on standard output, code 0', () => {
  assert.match(holdfast(['--help']).out, /migrate {6}make or update the tables/)
  const help = holdfast(['migrate', '--help'])
  assert.equal(help.code, 0)
  assert.match(help.out, /Exit codes/)
})
