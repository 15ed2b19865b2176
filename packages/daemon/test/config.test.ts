import assert from 'node:assert/strict'
import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadSettings, problemLine, type Settings } from '../src/index.js'
import { allKeys } from '../src/lib/config/schema-walk.js'
import { schemaText } from '../src/lib/config/schema-text.js'
import { readToml } from '../src/lib/config/toml.js'
import { folderWith } from './support/place.js'

const PACKAGE = new URL('../../', import.meta.url)

type Environment = Readonly<Record<string, string>>

function settingsOf(folder: string, environment: Environment = {}): Settings {
  const loaded = loadSettings({ file: join(folder, 'holdfast.toml'), environment })
  if (loaded.problems !== null) throw new Error(loaded.problems.map(problemLine).join('\n'))
  return loaded.settings
}

/** What is wrong, with the folder left out. */
function problemsOf(folder: string, environment: Environment = {}): readonly string[] {
  const { problems } = loadSettings({ file: join(folder, 'holdfast.toml'), environment })
  return (problems ?? []).map((each) => problemLine(each).replaceAll(`${folder}/`, ''))
}

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

/** A mistake, in `holdfast.toml`, and what is said of it. */
const MISTAKES: readonly (readonly [name: string, toml: string, ...said: (string | RegExp)[]])[] = [
  ['no TOML', '[session]\nidle_timeout = \n', /^holdfast\.toml:2: is no TOML here: /],
  ['a key twice', '[session]\ntenant = "a"\ntenant = "b"', /^holdfast\.toml:3: is no TOML here: /],
  ['a table that is not closed', '[session\n', /^holdfast\.toml:\d: is no TOML here: /],
  [
    'a misspelt key',
    '\n[session]\nidle_timout = "5m"',
    'holdfast.toml:3: session.idle_timout: there is no such key; did you mean idle_timeout?',
  ],
  [
    'a misspelt table',
    '[sesion]\nidle_timeout = "5m"',
    'holdfast.toml:1: sesion: there is no such key; did you mean session?',
  ],
  [
    'a key that resembles none',
    '[monitor]\ncolour = "red"',
    'holdfast.toml:2: monitor.colour: there is no such key; known are listen',
  ],
  ['a value where a table belongs', 'session = 1', 'holdfast.toml:1: session: must be a table'],
  [
    'an array of tables',
    '[[apps]]\nmode = "0600"',
    'holdfast.toml:1: apps: must be a table of applications: [apps.NAME]',
  ],
  [
    'a duration without a unit',
    '[session]\nidle_timeout = 1800',
    /^holdfast\.toml:2: session\.idle_timeout: must be a duration above zero with its unit, such as "90s"/,
  ],
  [
    'a unit that does not exist',
    '[check]\ncache = "2 seconds"',
    /^holdfast\.toml:2: check\.cache: must be a duration with its unit/,
  ],
  [
    'a duration of nothing',
    '[limits]\nstop_timeout = "0s"',
    /limits\.stop_timeout: must be a duration above zero/,
  ],
  [
    'a size',
    '[limits]\nbody = "64kb"',
    'holdfast.toml:2: limits.body: must be a size, such as "64k" or "1M"',
  ],
  [
    'a wrong choice',
    '[session]\npreset = "aal9"',
    'holdfast.toml:2: session.preset: must be one of "aal1", "aal2", "aal3", "pci", "bank"',
  ],
  [
    'a wrong number',
    '[daemon]\nworkers = 0',
    'holdfast.toml:2: daemon.workers: must be a whole number from 1 to 128',
  ],
  ['a text for a number', '[daemon]\nworkers = "2"', /daemon\.workers: must be a whole number/],
  [
    'a number for permissions',
    '[check]\nmode = 0o660',
    /check\.mode: must be permissions in octal digits, such as "0660"/,
  ],
  [
    'a socket for everyone',
    '[check]\nmode = "0666"',
    /^holdfast\.toml:2: check\.mode: must end in 0: .*use group$/,
  ],
  [
    'a relative folder',
    '[daemon]\nstate = "state"',
    /^holdfast\.toml:2: daemon\.state: must be a path from the root/,
  ],
  [
    'a path too long',
    `[daemon]\nrun = "/${'r'.repeat(100)}"`,
    /^holdfast\.toml:2: daemon\.run: the path of a socket in it would have more than 100 bytes/,
  ],
  [
    'a group that does not exist',
    '[daemon]\ngroup = "no-such-group"',
    /^holdfast\.toml:2: daemon\.group: this host has no such group; make it with groupadd/,
  ],
  [
    'an option for a group',
    '[admin]\ngroup = "--help"',
    /^holdfast\.toml:2: admin\.group: this host has no such group/,
  ],
  [
    'an address that is no loopback',
    '[monitor]\nlisten = "0.0.0.0:9464"',
    /^holdfast\.toml:2: monitor\.listen: must be a loopback address/,
  ],
  [
    'a port that does not exist',
    '[check]\nlisten = "127.0.0.1:70000"',
    /check\.listen: must be a loopback address, .* port from 1 to 65535/,
  ],
  [
    'an address twice',
    '[check]\nlisten = "127.0.0.1:9000"\n[monitor]\nlisten = "localhost:9000"',
    'holdfast.toml:4: monitor.listen: check.listen is the same address; each needs a port of its own',
  ],
  [
    'TCP without a token',
    '[apps.shop]\nlisten = "127.0.0.1:9000"',
    /^holdfast\.toml:2: apps\.shop\.listen: needs apps\.shop\.token_file/,
  ],
  [
    'a token without TCP',
    '[apps.shop]\ntoken_file = "./t"',
    /^holdfast\.toml:2: apps\.shop\.token_file: is of no use without apps\.shop\.listen/,
  ],
  [
    'a token that is short',
    '[apps.shop]\nlisten = "127.0.0.1:9000"\ntoken_file = "./short"',
    /^holdfast\.toml:3: apps\.shop\.token_file: the token must have 32 to 512/,
  ],
  [
    "an application's name",
    '[apps.Shop]\nmode = "0600"',
    'holdfast.toml:1: apps.Shop: must be a name of a-z, 0-9, "_" and "-"',
  ],
  [
    "an application's key",
    '[apps.shop]\nright = ["list"]',
    'holdfast.toml:2: apps.shop.right: there is no such key; did you mean rights?',
  ],
  [
    'a right that does not exist',
    '[apps.shop]\nrights = [\n  "list",\n  "rule",\n]',
    'holdfast.toml:4: apps.shop.rights.1: must be one of "authenticate", "list", "revoke"',
  ],
  [
    'a namespace twice',
    '[apps.a]\n[apps.b]\nnamespace = "a"',
    /^holdfast\.toml:3: apps\.b\.namespace: apps\.a has the namespace "a" too; .* write it for both/,
  ],
  [
    'the shared namespace',
    '[apps.a]\nnamespace = "shared"',
    /^holdfast\.toml:2: apps\.a\.namespace: "shared" is the namespace that all applications share/,
  ],
  [
    'a secret that is not there',
    '[keys]\nfile = "./gone"',
    'holdfast.toml:2: keys.file: the file cannot be read: there is no such file',
  ],
  [
    'a secret that is a folder',
    '[keys]\nfile = "./conf"',
    /keys\.file: the file cannot be read: it is a folder/,
  ],
  [
    'a secret that is empty',
    '[keys]\nfile = "./empty"',
    'holdfast.toml:2: keys.file: the file is empty',
  ],
  [
    'a credential without systemd',
    '[store]\nurl_file = "store"',
    /^holdfast\.toml:2: store\.url_file: .*\$CREDENTIALS_DIRECTORY is not set/,
  ],
  [
    'a short key',
    '[keys]\nfile = "./short"',
    /^holdfast\.toml:2: keys\.file: key 1 in the file has 7 bytes; at least 32 are needed/,
  ],
  [
    'two stores',
    '[store]\nurl = "redis://h"\nurl_file = "./short"',
    'holdfast.toml:3: store.url_file: store.url is there too; keep one of the two',
  ],
  [
    'an unknown store',
    '[store]\nurl = "mysql://root:hunter2@h/d"',
    /^holdfast\.toml:2: store\.url: must be an address such as "redis:/,
  ],
  [
    'beyond the preset',
    '[session]\npreset = "pci"\nidle_timeout = "20m"',
    /^holdfast\.toml:3: session\.idle_timeout: idle_timeout \(1200000 ms\) is beyond preset 'pci' .* deviation_reason$/,
  ],
  [
    'a grace too long',
    '[session]\nrotation_grace = "31s"',
    'holdfast.toml:2: session.rotation_grace: rotation_grace must be at most 30000 ms; got 31000',
  ],
  [
    'idle longer than all',
    '[session]\nidle_timeout = "50m"\nabsolute_timeout = "40m"',
    /^holdfast\.toml:2: session\.idle_timeout: idle_timeout \(3000000 ms\) is longer than absolute_timeout/,
  ],
  ['a cookie that no browser takes', '[cookie]\nname = "sid"', /^holdfast\.toml:2: cookie\.name: /],
  [
    'a domain for __Host-',
    '[cookie]\nname = "__Host-a"\ndomain = "a.example"',
    /^holdfast\.toml:\d: cookie\.\w+: cookie\.domain excludes the __Host- prefix/,
  ],
  [
    'SameSite=None without a word',
    '[cookie]\nsame_site = "none"',
    /^holdfast\.toml:2: cookie\.same_site: cookie\.same_site 'none' needs cookie\.accept_cross_site = true/,
  ],
  [
    'an origin with a path',
    '[check]\ntrusted_origins = ["https://a.example", "https://b.example/x"]',
    /^holdfast\.toml:2: check\.trusted_origins\.1: must be exactly one origin/,
  ],
  [
    'a login page elsewhere',
    '[check]\nlogin = "//evil.example"',
    /^holdfast\.toml:2: check\.login: must be a path of the site/,
  ],
  [
    'several at once, in the order of their lines',
    '[session]\nrotation_grace = "1m"\n[check]\nmode = "0777"\nlisten = "10.0.0.1:1"\n[audit]\nfile = "audit"',
    /^holdfast\.toml:2: session\.rotation_grace/,
    /^holdfast\.toml:4: check\.mode/,
    /^holdfast\.toml:5: check\.listen/,
    /^holdfast\.toml:7: audit\.file/,
  ],
  [
    'of shape and of meaning at once',
    '[check]\nmode = "0666"\nlogin = "x"\n[apps.shop]\nlisten = "127.0.0.1:1"\ntoken_file = 3\n[audit]\nfile = "a"',
    /^holdfast\.toml:2: check\.mode/,
    /^holdfast\.toml:3: check\.login/,
    /^holdfast\.toml:6: apps\.shop\.token_file: must be a path/,
    /^holdfast\.toml:8: audit\.file/,
  ],
  [
    'several of shape at once',
    'colour = 1\n[session]\nidle_timeout = 5\npreset = 7\n[apps.x]\nmode = "rw"',
    /^holdfast\.toml:1: colour/,
    /^holdfast\.toml:3: session\.idle_timeout/,
    /^holdfast\.toml:4: session\.preset/,
    /^holdfast\.toml:6: apps\.x\.mode/,
  ],
]

for (const [name, toml, ...said] of MISTAKES) {
  test(`a mistake is named with its line and a remedy: ${name}`, () => {
    const folder = folderWith({
      'holdfast.toml': toml,
      short: 'hunter2',
      empty: '\n',
      'conf/x': '',
    })
    const problems = problemsOf(folder)
    assert.equal(problems.length, said.length, problems.join('\n'))
    for (const [index, each] of said.entries()) {
      const line = problems[index] ?? ''
      if (typeof each === 'string') assert.equal(line, each)
      else assert.match(line, each)
    }
    assert.doesNotMatch(problems.join('\n'), /hunter2/)
  })
}

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
