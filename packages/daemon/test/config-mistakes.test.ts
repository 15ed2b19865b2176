import assert from 'node:assert/strict'
import { test } from 'node:test'
import { problemsOf } from './support/configuration.js'
import { folderWith } from './support/place.js'

/** A mistake, in `holdfast.toml`, and what is said of it. */
const MISTAKES: readonly (readonly [
  name: string,
  toml: string | Buffer,
  ...said: (string | RegExp)[],
])[] = [
  ['no TOML', '[session]\nidle_timeout = \n', /^holdfast\.toml:2: is no TOML here: /],
  [
    'a table that would change every object',
    '[session]\ntenant = "a"\n[__proto__]\nx = 1',
    'holdfast.toml:3: __proto__: is no name that a key can have; remove it',
  ],
  [
    'a key that would change its table',
    'session = { __proto__ = { tenant = "a" } }',
    'holdfast.toml:1: session.__proto__: is no name that a key can have; remove it',
  ],
  [
    'text that is no UTF-8',
    Buffer.from('[session]\ntenant = "\xe4"', 'latin1'),
    /^holdfast\.toml:2: is no TOML here: the text is no UTF-8; save it as UTF-8/,
  ],
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
    'a time longer than timers run',
    '[limits]\nhead_timeout = "30d"\nstop_timeout = "24d"',
    'holdfast.toml:2: limits.head_timeout: must be at most 24d',
  ],
  [
    'a head that no request fits in',
    '[limits]\nheaders = "100"',
    'holdfast.toml:2: limits.headers: must be at least 1k: what web servers send is longer than that',
  ],
  [
    'a folder with a line break in its name',
    '[daemon]\nrun = "/run/a\\nb"',
    'holdfast.toml:2: daemon.run: must be a path, without control characters',
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
    'a login page that leads elsewhere when it is normalised',
    '[check]\nlogin = "/a/..//evil.example"',
    /^holdfast\.toml:2: check\.login: must be a path of the site, as browsers write it/,
  ],
  [
    'a login page with a line break',
    '[check]\nlogin = "/in\\r\\nSet-Cookie: a=b"',
    /^holdfast\.toml:2: check\.login: must be a path of the site, as browsers write it/,
  ],
  [
    'a login page with a fragment, behind which nothing is sent',
    '[check]\nlogin = "/in#here"',
    /^holdfast\.toml:2: check\.login: must be a path of the site, as browsers write it/,
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
