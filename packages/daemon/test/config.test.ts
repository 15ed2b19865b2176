import assert from 'node:assert/strict'
import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadSettings } from '../src/index.js'
import { allKeys } from '../src/lib/config/schema-walk.js'
import { schemaText } from '../src/lib/config/schema-text.js'
import { readToml } from '../src/lib/config/toml.js'
import { problemsOf, settingsOf } from './support/configuration.js'
import { folderWith } from './support/place.js'

const PACKAGE = new URL('../../', import.meta.url)

test('an empty file gives a daemon that is safe to run', () => {
  const { store, keys, check, apps, admin, monitor, audit, session, run } = settingsOf(
    folderWith({ 'holdfast.toml': '' }),
  )
  assert.deepEqual(
    [store, keys, apps, monitor, audit],
    [{ kind: 'embedded' }, null, [], null, null],
  )
  assert.equal(run, '/run/holdfast')
  assert.deepEqual(check.socket, { path: '/run/holdfast/check.sock', mode: 0o660, gid: null })
  assert.deepEqual([check.tcp, check.cache, check.assertionLifetime], [null, 0, 30_000])
  assert.deepEqual(admin, { path: '/run/holdfast/admin.sock', mode: 0o600, gid: null })
  assert.deepEqual([session.preset, session.renewalTimeout], ['aal2', 900_000])
})

test('every key arrives where it belongs', () => {
  const folder = folderWith({
    'holdfast.toml': `
[daemon]
state = "/srv/state"
run = "/srv/run"
workers = 3
group = "0"
[store]
url = "postgres://user:pass@host/db"
[session]
preset = "pci"
idle_timeout = "5m"
absolute_timeout = "1h"
renewal_timeout = "off"
rotation_grace = "500ms"
max_sessions_per_subject = 4
on_limit = "reject"
max_data = "2k"
tenant = "blue"
[cookie]
name = "__Secure-s"
same_site = "strict"
domain = "example.com"
[keys]
file = "./keys"
[check]
mode = "0600"
listen = "127.0.0.1:8100"
cache = "2s"
assertion_lifetime = "10s"
login = "/in"
trusted_origins = ["https://a.example"]
[admin]
mode = "0660"
group = "root"
[monitor]
listen = "[::1]:9464"
[audit]
file = "/var/log/a"
[limits]
body = "1M"
headers = "8k"
head_timeout = "1s"
request_timeout = "2s"
store_timeout = "1500ms"
connections = 7
stop_timeout = "3s"
[tokens]
signing_keys = "/srv/keys"
[apps.shop]
namespace = "cart"
rights = ["list", "revoke"]
mode = "0640"
listen = "localhost:8101"
token_file = "./token"
`,
    keys: `# newest first\n${'k1'.repeat(3)}abcdefghijklmnopqrstuvwxyz0123\n\nsecond-key-abcdefghijklmnopqrstuvwxyz\n`,
    token: 't'.repeat(40),
  })
  const { check, apps, cookie, keys, session, ...rest } = settingsOf(folder)
  assert.deepEqual(rest, {
    state: '/srv/state',
    run: '/srv/run',
    workers: 3,
    store: { kind: 'postgres', url: 'postgres://user:pass@host/db' },
    admin: { path: '/srv/run/admin.sock', mode: 0o660, gid: 0 },
    monitor: { host: '::1', port: 9464 },
    audit: '/var/log/a',
    limits: {
      body: 1_048_576,
      headers: 8192,
      headTimeout: 1000,
      requestTimeout: 2000,
      storeTimeout: 1500,
      connections: 7,
      stopTimeout: 3000,
    },
    signingKeys: '/srv/keys',
  })
  assert.deepEqual(session, {
    preset: 'pci',
    idleTimeout: 300_000,
    absoluteTimeout: 3_600_000,
    renewalTimeout: Infinity,
    rotationGrace: 500,
    maxSessionsPerSubject: 4,
    onLimit: 'reject',
    maxDataBytes: 2048,
    tenant: 'blue',
  })
  assert.deepEqual(cookie, { name: '__Secure-s', sameSite: 'strict', domain: 'example.com' })
  assert.deepEqual(keys, [
    'k1k1k1abcdefghijklmnopqrstuvwxyz0123',
    'second-key-abcdefghijklmnopqrstuvwxyz',
  ])
  assert.deepEqual(check, {
    socket: { path: '/srv/run/check.sock', mode: 0o600, gid: 0 },
    tcp: { host: '127.0.0.1', port: 8100 },
    cache: 2000,
    assertionLifetime: 10_000,
    login: '/in',
    trustedOrigins: ['https://a.example'],
  })
  assert.deepEqual(apps, [
    {
      name: 'shop',
      namespace: 'cart',
      rights: new Set(['list', 'revoke']),
      socket: { path: '/srv/run/apps/shop.sock', mode: 0o640, gid: 0 },
      tcp: { host: '127.0.0.1', port: 8101, token: 't'.repeat(40) },
    },
  ])
})

test('files of conf.d come after the main one, in the order of their names; tables merge', () => {
  const folder = folderWith({
    'holdfast.toml': '[session]\nidle_timeout = "5m"\ntenant = "a"\n[apps.one]\nmode = "0600"',
    'conf.d/20-b.toml': '[session]\nidle_timeout = "7m"',
    'conf.d/10-a.toml': '[session]\nidle_timeout = "6m"\n[apps.one]\nrights = ["list"]\n[apps.two]',
    'conf.d/30-c.toml.bak': 'no = toml',
    'conf.d/.30-d.toml': 'no = toml',
  })
  const { session, apps } = settingsOf(folder)
  assert.deepEqual([session.idleTimeout, session.tenant], [420_000, 'a'])
  assert.deepEqual(
    apps.map(({ name }) => name),
    ['one', 'two'],
  )
  assert.deepEqual([apps[0]?.socket.mode, apps[0]?.rights], [0o600, new Set(['list'])])
})

test('a mistake in conf.d is named with that file; other files are read all the same', () => {
  const folder = folderWith({
    'holdfast.toml': '[daemon]\nworkers = 0',
    'conf.d/10-a.toml': '\n\n[session]\nidle_timout = "7m"',
    'conf.d/20-b.toml': 'x = [',
  })
  const problems = problemsOf(folder)
  assert.equal(problems.length, 3)
  assert.match(
    problems.join('\n'),
    /^conf\.d\/10-a\.toml:4: session\.idle_timout: .*idle_timeout\?$/m,
  )
  assert.match(problems.join('\n'), /^conf\.d\/20-b\.toml:1: is no TOML here: /m)
  assert.match(problems.join('\n'), /^holdfast\.toml:2: daemon\.workers: /m)
})

test('the environment wins over files, in the types of the keys', () => {
  const folder = folderWith({ 'holdfast.toml': '[session]\nidle_timeout = "5m"\n[apps.shop]' })
  const { session, workers, apps, cookie, check } = settingsOf(folder, {
    HOLDFAST_SESSION__IDLE_TIMEOUT: '15m',
    HOLDFAST_DAEMON__WORKERS: '7',
    HOLDFAST_APPS__SHOP__RIGHTS: 'list, revoke',
    HOLDFAST_COOKIE__SAME_SITE: 'none',
    HOLDFAST_COOKIE__ACCEPT_CROSS_SITE: 'true',
    HOLDFAST_CHECK__TRUSTED_ORIGINS: '',
    // Others of our name are none of the configuration.
    HOLDFAST_STORE: 'postgres://h/d',
    HOLDFAST_TEST_TMP: '/tmp',
  })
  assert.equal(session.idleTimeout, 900_000)
  assert.equal(workers, 7)
  assert.deepEqual(apps[0]?.rights, new Set(['list', 'revoke']))
  assert.deepEqual(cookie, { sameSite: 'none', acceptCrossSite: true })
  assert.deepEqual(check.trustedOrigins, [])
})

test('a mistake in the environment is named with its variable', () => {
  const folder = folderWith({ 'holdfast.toml': '[session]\nidle_timeout = "5m"' })
  const said = problemsOf(folder, {
    HOLDFAST_SESSION__IDLE_TIMOUT: '15m',
    HOLDFAST_DAEMON__WORKERS: 'many',
  })
  assert.deepEqual(said, [
    'environment variable HOLDFAST_DAEMON__WORKERS: daemon.workers: must be a whole number from 1 to 128',
    'environment variable HOLDFAST_SESSION__IDLE_TIMOUT: session.idle_timout: there is no such key; did you mean idle_timeout?',
  ])
})

test('a name without a slash is a systemd credential; the last newline of a secret is cut', () => {
  const folder = folderWith({
    'holdfast.toml': '[store]\nurl_file = "store"',
    'credentials/store': 'redis://:hunter2@127.0.0.1:6379\n',
  })
  const { store } = settingsOf(folder, { CREDENTIALS_DIRECTORY: join(folder, 'credentials') })
  assert.deepEqual(store, { kind: 'redis', url: 'redis://:hunter2@127.0.0.1:6379' })
})

test('a secret that other users may read is warned of', () => {
  const folder = folderWith({
    'holdfast.toml': '[store]\nurl_file = "./store"',
    store: 'redis://:hunter2@127.0.0.1',
  })
  const warnings = (): readonly string[] => {
    const loaded = loadSettings({ file: join(folder, 'holdfast.toml'), environment: {} })
    return loaded.problems === null ? loaded.warnings : ['wrong']
  }
  assert.deepEqual(warnings(), [])
  chmodSync(join(folder, 'store'), 0o644)
  const [warning = ''] = warnings()
  assert.match(warning, /holdfast\.toml:2: store\.url_file: other users may open .*: chmod o= /)
  assert.doesNotMatch(warning, /hunter2/)
})

test('a file that is named must be there; the usual one may be missing', () => {
  const folder = folderWith({})
  assert.deepEqual(problemsOf(folder), [
    'holdfast.toml: the file cannot be read: there is no such file',
  ])
})

test('a folder conf.d that cannot be read is a mistake, one that is not there is none', () => {
  const folder = folderWith({ 'holdfast.toml': '', 'conf.d': 'a file' })
  assert.deepEqual(problemsOf(folder), [
    'conf.d: the folder cannot be read: a part of its path is no folder',
  ])
})

test('a file that an editor of Windows has saved is read like any other', () => {
  const folder = folderWith({ 'holdfast.toml': '\uFEFF[session]\r\nidle_timeout = "7m"\r\n' })
  assert.equal(settingsOf(folder).session.idleTimeout, 420_000)
})

test('what would be without effect is warned of', () => {
  const folder = folderWith({
    'holdfast.toml': '[check]\ncache = "20s"\n[apps.my_shop]\n',
    'half/holdfast.toml': '[check]\ncache = "1500ms"',
  })
  const environment = {
    HOLDFAST_SESSION_IDLE_TIMEOUT: '5m',
    HOLDFAST_APPS_MY_SHOP_RIGHTS: 'list',
    HOLDFAST_SEED: '7',
  }
  const loaded = loadSettings({ file: join(folder, 'holdfast.toml'), environment })
  assert.deepEqual(
    loaded.problems === null && loaded.warnings.map((each) => each.replace(`${folder}/`, '')),
    [
      'holdfast.toml:2: check.cache: is cut to 15s, half of check.assertion_lifetime: what is kept must be good when it is handed out',
      'environment variable HOLDFAST_SESSION_IDLE_TIMEOUT: is not read; two underscores stand between levels: HOLDFAST_SESSION__IDLE_TIMEOUT',
      'environment variable HOLDFAST_APPS_MY_SHOP_RIGHTS: is not read; two underscores stand between levels: HOLDFAST_APPS__MY_SHOP__RIGHTS',
    ],
  )
  const half = loadSettings({ file: join(folder, 'half/holdfast.toml'), environment: {} })
  assert.match(half.problems === null ? half.warnings.join() : '', /is cut to 1s: whole seconds/)
})

test('a host without a program that knows its groups is no reason to fail', (t) => {
  const { PATH } = process.env
  t.after(() => (process.env['PATH'] = PATH))
  process.env['PATH'] = '/nowhere'
  const folder = folderWith({ 'holdfast.toml': '[daemon]\ngroup = "no-such-group"' })
  assert.match(problemsOf(folder).join(), /no such group/)
})

test('the published schema is up to date (npm run schema -w @holdfast/daemon)', () => {
  const published: unknown = JSON.parse(
    readFileSync(new URL('holdfast.schema.json', PACKAGE), 'utf8'),
  )
  assert.deepEqual(published, JSON.parse(schemaText()))
})

test('the example has every key, and is right as it is and with all that is commented out', () => {
  const file = new URL('holdfast.toml', PACKAGE)
  const text = readFileSync(file, 'utf8')
  const all = text.replaceAll(/^#(?=[a-z[])/gm, '')
  const source = readToml('holdfast.toml', all)
  assert.ok('places' in source, 'it is TOML')
  const keys = allKeys().map((key) => key.replace('apps.NAME', 'apps.shop'))
  assert.deepEqual(
    keys.filter((key) => !source.places.has(key)),
    [],
  )
  const asItIs = loadSettings({ file: file.pathname, environment: {} })
  assert.deepEqual(asItIs.problems ?? [], [])
  const said = problemsOf(folderWith({ 'holdfast.toml': all }))
  // What a host may lack, and the one pair of which only one may stand.
  assert.deepEqual(
    said.filter((each) => !/no such group|systemd credential|store\.url is there too/.test(each)),
    [],
  )
})
