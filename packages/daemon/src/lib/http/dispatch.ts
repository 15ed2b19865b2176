import type { IncomingMessage, ServerResponse } from 'node:http'
import { checkInput } from './check-input.js'
import { assertNoBody, readJson } from './body.js'
import type { Operation, Reply } from './operations.js'
import { Problem, problemOf, problemText, unforeseen } from './problem.js'
import { readQuery, readTarget } from './query.js'
import { createRouter } from './routing.js'
import type { Answer } from './server.js'
import { Stream } from './stream.js'
import { Text } from './text.js'

export interface DispatchOptions {
  readonly operations: readonly Operation[]
  /** Longest body. */
  readonly limit: number
  /** Throws a problem for a request that may not be made, before anything of it is read. */
  readonly admit?: (request: IncomingMessage, operation: Operation) => void
  /** Is told how each request ended; `operation` is `none` where no path fitted. */
  readonly done: (operation: string, status: number) => void
  /** Is told of errors that nobody foresaw. */
  readonly failed: (error: unknown) => void
}

/** Answers requests by the operations of one door, and every failure by a problem. */
export function createDispatch(options: DispatchOptions): Answer {
  const route = createRouter(options.operations)
  const run = async (
    request: IncomingMessage,
    response: ServerResponse,
    named: (operation: string) => void,
  ): Promise<Reply<unknown>> => {
    const { path, query } = readTarget(request.url ?? '')
    const { operation, id } = route(request.method ?? '', path)
    named(operation.name)
    options.admit?.(request, operation)
    const given = readQuery(query)
    const input = {
      query: readParameters(operation, given),
      body: await readBody(operation, request, response, options.limit),
    }
    return operation.handle({ request, id, ...input })
  }
  return (request, response, isDraining) => {
    let name = 'none'
    const write: Write = (status, type, body, headers) => {
      if (isDraining()) response.shouldKeepAlive = false
      send(response, status, type, body, headers)
    }
    run(request, response, (operation) => {
      name = operation
    })
      .then((reply) => answer(write, response, reply))
      .catch((error: unknown) => {
        const problem = problemOf(error)
        if (problem === null) options.failed(error)
        // Half an answer is cut off, so that nobody takes it for a whole one.
        if (response.headersSent) response.destroy()
        else refuse(write, problem ?? unforeseen())
      })
      .finally(() => options.done(name, response.statusCode))
      // Not even that may bring the process down.
      .catch(options.failed)
  }
}

function readParameters({ route }: Operation, given: Readonly<Record<string, string>>): unknown {
  if (route.query !== null) return checkInput(route.query, given)
  const [name] = Object.keys(given)
  if (name === undefined) return undefined
  const detail = `there is no parameter ${name.slice(0, 64)} here`
  throw new Problem(400, 'ERR_DAEMON_REQUEST', detail)
}

async function readBody(
  { route }: Operation,
  request: IncomingMessage,
  response: ServerResponse,
  limit: number,
): Promise<unknown> {
  if (route.body !== null) return checkInput(route.body, await readJson(request, response, limit))
  assertNoBody(request)
}

type Headers = Readonly<Record<string, string>>
type Write = (status: number, type: string | null, body: string, headers: Headers) => void

function answer(write: Write, response: ServerResponse, reply: Reply<unknown>): void {
  const { body, headers = {} } = reply
  if (body === undefined) write(204, null, '', headers)
  else if (body instanceof Text) write(200, body.type, body.text, headers)
  else if (body instanceof Stream) begin(response, body)
  else write(200, 'application/json', JSON.stringify(body), headers)
}

function refuse(write: Write, problem: Problem): void {
  write(problem.status, 'application/problem+json', problemText(problem), problem.headers)
}

/** An answer never keeps a cache busy: each is true of one moment. */
function begin(response: ServerResponse, stream: Stream): void {
  response.shouldKeepAlive = false
  response.writeHead(200, { 'Cache-Control': 'no-store', 'Content-Type': stream.type })
  response.flushHeaders()
  stream.write(response)
}

function send(
  response: ServerResponse,
  status: number,
  type: string | null,
  body: string,
  headers: Headers,
): void {
  response.statusCode = status
  response.setHeader('Cache-Control', 'no-store')
  if (type !== null) {
    response.setHeader('Content-Type', type)
    response.setHeader('Content-Length', Buffer.byteLength(body))
  }
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  response.end(body)
}
