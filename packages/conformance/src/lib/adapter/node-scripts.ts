import { createReadStream } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { codeOf } from './code-of.js'
import type { Gates } from './gates.js'
import type { AppSession } from './suite.js'

interface Scene {
  readonly session: AppSession
  readonly gates: Gates
  readonly query: URLSearchParams
}

export type Script = (res: ServerResponse, scene: Scene) => unknown

/** What applications do with a `ServerResponse`, one habit each. The steps of `do` have run before. */
export const nodeScripts: Readonly<Record<string, Script>> = {
  'head-object': (res) => {
    res.setHeader('X-Before', 'kept')
    res.writeHead(200, {
      'Content-Type': 'text/plain',
      'Cache-Control': 'public, max-age=60',
      vary: 'Accept',
      'Set-Cookie': 'own=1',
    })
    res.end('body')
  },
  'head-message': (res) => {
    res.setHeader('Set-Cookie', ['own=1'])
    res.setHeader('Vary', 'Accept')
    res.writeHead(201, 'Made Here', { 'X-Own': 'yes' })
    res.end('body')
  },
  'head-flat': (res) => {
    const headers = ['Set-Cookie', 'own=1', 'Set-Cookie', 'two=2', 'Vary', 'Accept']
    res.writeHead(200, [...headers, 'Link', '<a>', 'Link', '<b>'])
    res.end('body')
  },
  'head-lists': (res) => {
    res.writeHead(200, ['Vary', 'Accept', 'Set-Cookie', ['own=1', 'two=2'], 'Link', ['<a>', '<b>']])
    res.end('body')
  },
  'head-pairs': (res) => {
    const pairs: readonly (readonly [string, string])[] = [
      ['Vary', 'Accept'],
      ['Set-Cookie', 'own=1'],
      ['Set-Cookie', 'two=2'],
      ['Link', '<a>'],
      ['Link', '<b>'],
    ]
    // Node takes pairs, although its types do not say so.
    Object(res).writeHead(200, pairs)
    res.end('body')
  },
  'head-bad': (res) => {
    res.writeHead(200, { 'not a name': 'x' })
    res.end('body')
  },
  'chunk-bad': (res) => {
    Object(res).end({ not: 'a chunk' })
  },
  'head-only': (res) => {
    res.writeHead(204).end()
  },
  flush: async (res, { session }) => {
    res.setHeader('Content-Type', 'text/plain')
    res.flushHeaders()
    const code = await codeOf(() => session.set('late', '1'))
    res.end(code)
  },
  'write-set': async (res, { session }) => {
    res.write('begun;')
    // At once, while the commit may still be under way.
    const code = await codeOf(() => session.set('late', '1'))
    res.end(code)
  },
  'write-many': async (res) => {
    for (let at = 0; at < 20; at++) {
      await new Promise((resolve) => {
        res.write(`${at};`, resolve)
      })
    }
    await new Promise<void>((resolve) => {
      res.end('end', resolve)
    })
  },
  'write-fast': (res) => {
    let refused = 0
    for (let at = 0; at < 50; at++) if (!res.write(`${at};`)) refused += 1
    res.end(refused > 0 ? 'end' : 'no backpressure')
  },
  pipe: (res, { query }) => {
    createReadStream(query.get('file') ?? '').pipe(res)
  },
  pipeline: (res, { query }) => pipeline(createReadStream(query.get('file') ?? ''), res),
  'end-twice': (res) => {
    res.end('one')
    res.end('two')
  },
  trailers: (res) => {
    res.writeHead(200, { Trailer: 'X-Sum' })
    res.write('body')
    res.addTrailers({ 'X-Sum': '42' })
    res.end()
  },
  hints: (res) => {
    res.writeEarlyHints({ link: '</style.css>; rel=preload' })
    res.end('body')
  },
  'throw-begun': (res) => {
    res.write('begun')
    throw new Error('the application failed in mid-response')
  },
  /** Finds its client gone, and says nothing more. */
  silent: (_res, { gates }) => gates.wait('gone'),
  /** Goes on writing, turn by turn, whatever became of what it wrote before. */
  stubborn: async (res, { gates }) => {
    res.writeHead(200, { 'X-Own': 'yes' })
    res.write('of the application;')
    await gates.wait('stubborn')
    for (let at = 0; at < 5; at++) {
      res.write('of the application;')
      await new Promise(setImmediate)
    }
    res.end('of the application')
    gates.open('stubborn-done')
  },
  'stubborn-pipe': (res, { gates }) => {
    gates.open('stubborn-done')
    Readable.from(Array.from({ length: 100 }, () => 'of the application;')).pipe(res)
  },
}
