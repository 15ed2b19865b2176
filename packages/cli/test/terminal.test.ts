import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { newFolder } from '@holdfast/test-servers/process'
import { until } from '@holdfast/test-servers/wait'
import type { Terminal } from '../src/lib/command.js'
import { run } from '../src/lib/run.js'
import { table } from '../src/lib/table.js'
import { jsonText } from '../src/lib/text.js'

const MAIN = fileURLToPath(new URL('../../bin/holdfast.js', import.meta.url))
const STATUS = { version: '1', startedAt: 1, workers: 2, store: 'embedded', ready: true }
/** Colours, a window's title, the C1 form of an escape, a line that turns around, invisible characters, a line separator. */
const EVIL = '\u001b[2J\u001b]0;x\u0007\u009b31m\u007f\u202eevil\u2066\u200b\u{e0041}\u2028\r\n'

/** A terminal that remembers. `live` is what stands on the line that is written over. */
class Remembered implements Terminal {
  readonly env: Terminal['env']
  readonly written: string[] = []
  readonly said: string[] = []
  readonly shown: string[] = []
  readonly live: Terminal['live']
  readonly stop = new AbortController()

  constructor(socket: string, watched = false) {
    this.env = { HOLDFAST_SOCKET: socket }
    this.live = watched ? (text) => this.shown.push(text) : null
  }

  readonly out = (text: string): unknown => this.written.push(text)
  readonly err = (text: string): unknown => this.said.push(text)
  readonly stopSignal = (): AbortSignal => this.stop.signal
}

/** Something that answers as a daemon would, at a path that may be told before. */
async function pretend(
  t: TestContext,
  answer: RequestListener,
  path: string = join(newFolder('p'), 'x.sock'),
): Promise<string> {
  const server = createServer(answer).listen(path)
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return path
}

test('what takes long is told where somebody looks, and the line goes when it is over', async (t) => {
  const waiting: ServerResponse[] = []
  const socket = await pretend(t, (_, response) => waiting.push(response))
  for (const watched of [true, false]) {
    const terminal = new Remembered(socket, watched)
    const done = run(['revoke-all', '--subject', 'al\u202eice'], terminal)
    await until(() => waiting.length > 0, 'the daemon is asked')
    if (watched) await until(() => terminal.shown.length > 1, 'it is told')
    waiting.pop()?.end('{"count":70000}')
    assert.equal(await done, 0)
    assert.deepEqual([terminal.written, terminal.said], [['Ended 70000 sessions.'], []])
    if (watched) assert.match(terminal.shown[0] ?? '', /^Ending the sessions of .* … \d+ s$/)
    assert.equal(terminal.shown.at(-1), watched ? '' : undefined)
  }
})

test('one waits for a daemon that is still to come', async (t) => {
  const socket = join(newFolder('p'), 'x.sock')
  const terminal = new Remembered(socket, true)
  const done = run(['status', '--wait', '--timeout', '60', '--json'], terminal)
  await until(() => terminal.shown.length > 0, 'it is waited for')
  let asked = 0
  await pretend(
    t,
    (_, response) => response.end(JSON.stringify({ ...STATUS, ready: ++asked > 1 })),
    socket,
  )
  assert.equal(await done, 0)
  assert.deepEqual(JSON.parse(terminal.written.join('\n')), STATUS)
  const absent = new Remembered(join(newFolder('p'), 'x.sock'))
  assert.equal(await run(['status', '--wait', '--timeout', '0.3'], absent), 4)
})

test('no answer in time: code 4, and that it may be done nevertheless', async (t) => {
  const terminal = new Remembered(await pretend(t, () => undefined))
  assert.equal(await run(['keys', 'rotate', '--timeout', '0.2'], terminal), 4)
  assert.match(
    terminal.said.join('\n'),
    /within 200 ms\. .* may be done nevertheless; --timeout gives it longer/,
  )
})

test('events go on when the daemon comes back, with a line that tells the gap', async (t) => {
  const streams: ServerResponse[] = []
  const event = { at: '2026-01-01T00:00:00.000Z', type: 'session_created', subject: EVIL }
  const socket = await pretend(t, (request, response) => {
    if (request.url === '/v1/status') return void response.end(JSON.stringify(STATUS))
    response.write(`${JSON.stringify(event)}\n`)
    streams.push(response)
  })
  const terminal = new Remembered(socket)
  const done = run(['events', '--follow'], terminal)
  await until(() => terminal.written.length === 1, 'the first event')
  streams[0]?.end()
  await until(() => terminal.written.length === 3, 'an event after the gap')
  streams[1]?.destroy()
  await until(() => terminal.written.length === 5, 'an event after another')
  terminal.stop.abort()
  assert.equal(await done, 0)
  const types = terminal.written.map((line) => String(Object(JSON.parse(line)).type))
  const [made, gap] = ['session_created', 'interrupted']
  assert.deepEqual(types, [made, gap, made, gap, made])
  assert.equal(terminal.said.length, 2)
  for (const line of terminal.written) assert.match(line, /^[ -~]+$/)
  assert.deepEqual(JSON.parse(terminal.written[0] ?? ''), event)
})

test('events end with code 4 when no daemon comes back', async (t) => {
  let gone = false
  const socket = await pretend(t, (request, response) => {
    if (gone) request.socket.destroy()
    else if (request.url === '/v1/status') response.end(JSON.stringify(STATUS))
    else {
      gone = true
      request.socket.destroy()
    }
  })
  const terminal = new Remembered(socket)
  assert.equal(await run(['events', '--follow', '--timeout', '1'], terminal), 4)
  assert.match(terminal.said.join('\n'), /has ended the stream.*\ncannot ask /)
})

test('columns stay straight with wide and combining characters, and no row is forged', () => {
  const text = table(
    ['A', 'B'],
    [
      ['漢字', 'x'],
      ['e\u0301', 'x'],
      ['🇩🇪', 'x'],
      [EVIL, 'x'],
    ],
  )
  const [head, wide, combined, flag, evil, ...more] = text.split('\n')
  assert.equal(more.length, 0)
  assert.match(evil ?? '', /^[ -~\uFFFD]+$/)
  const replaced = Array.from(EVIL).length
  assert.equal(head, `A${' '.repeat(replaced + 1)}B`)
  assert.equal(wide, `漢字${' '.repeat(replaced - 2)}x`)
  assert.equal(combined, `e\u0301${' '.repeat(replaced + 1)}x`)
  assert.equal(flag, `🇩🇪${' '.repeat(replaced)}x`)
})

test('JSON says the same with nothing in it that a terminal obeys', () => {
  const value = { [EVIL]: [EVIL, 'ä漢🎉'] }
  for (const indent of [0, 2]) {
    const text = jsonText(value, indent)
    assert.match(text, /^[ -~\nä漢🎉]+$/u)
    assert.deepEqual(JSON.parse(text), value)
  }
})

test('a reader that goes away is no error; a disk that is full is one', () => {
  const script = `set -o pipefail; "$1" "$2" completion bash | exec true; echo "\${PIPESTATUS[0]}"; "$1" "$2" completion bash > /dev/full; echo "$?"`
  const { stdout, stderr } = spawnSync('bash', ['-c', script, '-', process.execPath, MAIN], {
    encoding: 'utf8',
  })
  assert.deepEqual(
    [stdout, stderr],
    ['0\n1\n', 'holdfast: the output could not be written: ENOSPC\n'],
  )
})
