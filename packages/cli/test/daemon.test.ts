import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { connectAdmin, connectApp } from '@holdfast/client'
import { end, newFolder, track } from '@holdfast/test-servers/process'
import { until } from '@holdfast/test-servers/wait'

const MAIN = fileURLToPath(new URL('../../bin/holdfast.js', import.meta.url))
const folder = newFolder('h')
const file = join(folder, 'holdfast.toml')
const env = { ...process.env, HOLDFAST_SOCKET: join(folder, 'run/admin.sock') }

let daemon: ChildProcess
let said = ''

before(async () => {
  writeFileSync(
    file,
    `daemon.state = "${folder}/state"
daemon.run = "${folder}/run"
daemon.workers = 1
apps.shop.rights = ["authenticate"]
`,
  )
  daemon = track(
    spawn(process.execPath, [MAIN, 'serve', '--config', file], {
      stdio: ['ignore', 'ignore', 'pipe'],
    }),
  )
  daemon.stderr?.on('data', (data: Buffer) => (said += data.toString()))
  await until(() => said.includes('ready: '), 'holdfast serve is ready')
})
after(() => end(daemon, 'SIGTERM'))

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function holdfast(...args: readonly string[]): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    env,
  })
  assert.ok(!stderr.includes('    at '), `no stack trace: ${stderr}`)
  return { code: status, out: stdout, err: stderr }
}

/**
 * Signs an account in at the application `shop`, and gives the session's id. On a busy machine the store may be late for a visitor,
 * who then tries again: there may be one session more than was asked for.
 */
async function signIn(subject: string): Promise<string> {
  const app = connectApp({ socket: join(folder, 'run/apps/shop.sock') })
  const visitor = app.visitor({ scheme: 'https', userAgent: 'curl/8' })
  let id: string | undefined
  await until(async () => {
    try {
      const { session } = await visitor.authenticate({ subject })
      id = session?.id
    } catch (error) {
      if (Object(error).retryable !== true) throw error
    }
    return id !== undefined
  }, `${subject} is signed in`)
  await app.close()
  return id ?? ''
}

test('a token in place of an id is not repeated, and goes nowhere', () => {
  const token = `${'a'.repeat(22)}-${'SECRET'.repeat(7)}-x`
  for (const action of ['show', 'revoke']) {
    const { code, out, err } = holdfast('sessions', action, token)
    assert.deepEqual([code, out, err.includes('SECRET')], [2, '', false])
    assert.match(err, /Of a token it is what stands before the first '-'/)
  }
})

test('which one it is, and the help of a command by either spelling', () => {
  assert.match(holdfast('--version').out, /^\d+\.\d+\.\d+\n$/)
  assert.equal(holdfast('help', 'keys').out, holdfast('keys', '--help').out)
})

test('status says what runs', () => {
  const { code, out } = holdfast('status')
  assert.equal(code, 0)
  assert.match(out, /state +ready\n[\s\S]*store +embedded/)
  const json: unknown = JSON.parse(holdfast('status', '--json').out)
  assert.equal(Object(json).ready, true)
})

test('sessions are listed, shown and ended', async () => {
  const id = await signIn('alice')
  const listed = holdfast('sessions', 'list', '--subject', 'alice')
  assert.match(listed.out, new RegExp(`^SESSION .*\n${id} .* live `))
  assert.match(holdfast('sessions', 'show', id).out, /subject +alice\n/)
  assert.equal(
    holdfast('sessions', 'revoke', id, '--reason', 'stolen').out,
    `Ended session ${id}.\n`,
  )
  const again = holdfast('sessions', 'revoke', id)
  assert.deepEqual([again.code, again.err], [1, `There is no live session ${id}.\n`])
  assert.equal(holdfast('sessions', 'list', '--subject', 'alice').out, 'There are none.\n')
  const ended = holdfast('sessions', 'list', '--subject', 'alice', '--ended', '--json')
  assert.equal(Object(JSON.parse(ended.out))[0].reason, 'stolen')
  assert.equal(holdfast('sessions', 'show', 'A'.repeat(22)).code, 1)
})

test('what came from outside moves no cursor and turns no line around', async () => {
  const { out } = holdfast('sessions', 'show', await signIn('mallory\u202E\u001b[2J'))
  assert.match(out, /subject +mallory\uFFFD\uFFFD\[2J\n/)
})

test('all of an account, and everybody: only when it is said twice', async () => {
  await signIn('bob')
  const kept = await signIn('bob')
  const ended = holdfast('revoke-all', '--subject', 'bob', '--except', kept).out
  assert.match(ended, /^Ended (?:1 session|\d+ sessions)\.\n$/)
  const left: unknown = JSON.parse(holdfast('sessions', 'list', '--subject', 'bob', '--json').out)
  assert.deepEqual([Object(left).length, Object(left)[0].id], [1, kept])
  const unsure = holdfast('revoke-all', '--everyone')
  assert.deepEqual([unsure.code, unsure.out], [2, ''])
  assert.match(unsure.err, /Add --yes/)
  assert.equal(holdfast('sessions', 'show', kept).code, 0)
  assert.equal(holdfast('revoke-all', '--everyone', '--yes').out, 'Ended every session.\n')
  assert.match(holdfast('sessions', 'show', kept).out, /reason +revoked/)
})

/** Holds the lock of the embedded store until its input ends. */
const HOLDER = `
const { readSync } = require('node:fs')
const { createRequire } = require('node:module')
const daemon = createRequire(process.argv[1])
const { open } = createRequire(daemon.resolve('@holdfast/lmdb'))('lmdb')
const store = open(process.argv[2], { noSubdir: false, maxDbs: 8, mapSize: 2 ** 36 })
store.transactionSync(() => {
  process.stdout.write('held')
  readSync(0, Buffer.alloc(1))
})`

test('an administrator waits for the store longer than a visitor would', async () => {
  await signIn('dora')
  const from = createRequire(import.meta.url).resolve('@holdfast/daemon/package.json')
  const args = ['-e', HOLDER, from, join(folder, 'state/sessions')]
  const holder = track(spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] }))
  await once(holder.stdout ?? holder, 'data')
  const admin = connectAdmin({ socket: env.HOLDFAST_SOCKET }, { timeout: 60_000 })
  const ending = admin.revoke({ subject: 'dora' })
  // A visitor is refused after 450 ms.
  await Promise.allSettled([Promise.race([ending, sleep(1_000)])])
  holder.stdin?.end()
  assert.ok(Number(await ending) >= 1)
  await admin.close()
})

test('keys are listed, rotated and retired; the one that signs is not', () => {
  const names = (out: string): readonly string[] =>
    Array.from(
      out.matchAll(/^(\w{4}) .* (signs|verifies)$/gm),
      ([, name, does]) => `${name} ${does}`,
    )
  const [first = ''] = names(holdfast('keys', 'list').out)
  const rotated = names(holdfast('keys', 'rotate').out)
  assert.equal(rotated.length, 2)
  assert.ok(rotated.includes(first.replace('signs', 'verifies')))
  const [name = ''] = first.split(' ')
  const signing = rotated.find((each) => each.endsWith('signs'))?.split(' ')[0] ?? ''
  assert.equal(holdfast('keys', 'retire', signing).code, 1)
  assert.equal(names(holdfast('keys', 'retire', name).out).length, 1)
})

test('events are printed as they happen, until it is stopped', async () => {
  const following = track(
    spawn(process.execPath, [MAIN, 'events', '--follow', '--type', 'session_authenticated'], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  )
  let out = ''
  following.stdout?.on('data', (data: Buffer) => (out += data.toString()))
  await until(async () => {
    await signIn('carol')
    return out.includes('\n')
  }, 'an event is printed')
  const [line = ''] = out.split('\n')
  const event: unknown = JSON.parse(line)
  assert.deepEqual([Object(event).type, Object(event).subject], ['session_authenticated', 'carol'])
  following.kill('SIGINT')
  const [code] = await once(following, 'exit')
  assert.equal(code, 0)
})

test('check-config says what is in force, or each mistake with its line', () => {
  const good = holdfast('check-config', '--config', file)
  assert.equal(good.code, 0)
  assert.match(good.out, /\[apps\.shop\]/)
  const wrong = join(folder, 'wrong.toml')
  writeFileSync(wrong, 'daemon.workers = 1\nsession.idle_timout = "1h"\n')
  const { code, out, err } = holdfast('check-config', '--config', wrong)
  assert.deepEqual([code, out], [1, ''])
  assert.match(err, /wrong\.toml:2: session\.idle_timout: .*did you mean idle_timeout\?/)
})

test('a daemon that does not answer: one line that says so, code 4', () => {
  const { code, out, err } = holdfast('status', '--socket', join(folder, 'none.sock'))
  assert.deepEqual([code, out], [4, ''])
  assert.match(err, /^cannot ask .*none\.sock: there is no such socket\. Is the daemon running/)
})

for (const shell of ['bash', 'zsh', 'fish']) {
  test(`the completion for ${shell} knows every command`, () => {
    const { code, out } = holdfast('completion', shell)
    assert.equal(code, 0)
    for (const name of ['serve', 'sessions', 'revoke-all', 'keys', 'events', 'config', 'migrate'])
      assert.ok(out.includes(name), name)
  })
}

test('bash takes its completion, and completes', () => {
  const { out } = holdfast('completion', 'bash')
  const cases: readonly (readonly [string, string])[] = [
    ['holdfast st', 'status'],
    ['holdfast --v', '--version'],
    ['holdfast sessions r', 'revoke'],
    ['holdfast sessions revoke r', ''],
    ['holdfast sessions revoke --rea', '--reason'],
    ['holdfast serve --config ho', ''],
    ['holdfast frobnicate x', ''],
  ]
  const tries = cases.map(([words]) => {
    const count = words.split(' ').length
    return `COMP_WORDS=(${words}); COMP_CWORD=${count - 1}; _holdfast; echo "\${COMPREPLY[@]}"`
  })
  const script = ['set -u', out, ...tries].join('\n')
  const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' })
  assert.deepEqual([stdout, stderr], [`${cases.map(([, offered]) => offered).join('\n')}\n`, ''])
})

const WRONG: readonly (readonly [readonly string[], RegExp])[] = [
  [['sessions'], /Say list, show or revoke/],
  [['sessions', 'list'], /Give --subject/],
  [['sessions', 'show'], /Give the id of a session/],
  [['sessions', 'list', 'more', '--subject', 'a'], /'more' is one word too many/],
  [['sessions', 'show', 'abc'], /no id of a session, which has 22 letters and digits/],
  [['sessions', 'show', '--', '-abc'], /no id of a session/],
  [['sessions', 'revoke', '-abc'], /Unknown option '-a'/],
  [
    ['sessions', 'revoke', 'x'.repeat(22), '--subject', 'a'],
    /'sessions revoke' takes no --subject/,
  ],
  [['sessions', 'list', '--subject', 'a', '--reason', 'b'], /'sessions list' takes no --reason/],
  [['revoke-all'], /Give --subject, or --everyone/],
  [['revoke-all', '--subject', 'a', '--subject', 'b'], /--subject stands twice/],
  [['revoke-all', '--subject', 'a', '--except', 'b'], /no id of a session/],
  [['revoke-all', '--subject', '-a'], /use '--subject=-XYZ'/],
  [['revoke-all', '--everyone', '--subject', 'a', '--yes'], /takes neither/],
  [['keys', 'delete'], /Say list, rotate or retire/],
  [['keys', 'retire'], /Give the name of a key/],
  [['events'], /add --follow/],
  [['status', '--timeout', 'soon'], /--timeout takes a number/],
  [['status', '--colour'], /--colour/],
  [['status', '--socket', ''], /--socket takes the path/],
  [['--json', 'status'], /First the command, then its options/],
  [['completion', 'tcsh'], /Say bash, zsh or fish/],
  [['serve', 'now'], /one word too many/],
]
for (const [args, message] of WRONG) {
  test(`what is not understood is said: ${args.join(' ')}`, () => {
    const { code, out, err } = holdfast(...args)
    assert.deepEqual([code, out], [2, ''])
    assert.match(err, message)
  })
}
