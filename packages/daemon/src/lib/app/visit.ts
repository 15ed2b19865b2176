import type { IncomingMessage } from 'node:http'
import type { MaybePromise } from '@holdfast/core'
import type { OpenSession } from '@holdfast/core/engine'
import { sessionHeaders, type Transport } from '@holdfast/http/transport'
import type { Reply } from '../http/operations.js'
import { VisitorRequest } from '../visitors/visitor-request.js'

const FRESH = { cacheControl: undefined, vary: undefined } as const

/** How much a request of an application says about its visitor's doings. */
export interface VisitOptions {
  /** Whether it moves the idle deadline. Default true. */
  readonly activity?: boolean
}

/** Opens the session of an application's visitor, lets `work` use it, stores what changed, and gives the Set-Cookie to pass on. */
export type Visit = <Work, Body>(
  request: IncomingMessage,
  work: (open: OpenSession) => MaybePromise<Work>,
  describe: (open: OpenSession, result: Work) => Body,
  options?: VisitOptions,
) => Promise<Reply<Body>>

/** Makes {@link Visit} of one transport. */
export function createVisit(transport: Transport): Visit {
  return async (request, work, describe, { activity = true } = {}) => {
    const visitor = new VisitorRequest((name) => linesOf(request, name))
    const open = await transport.open(visitor, activity)
    try {
      const result = await work(open)
      do await open.commit()
      while (open.dirty)
      const body = describe(open, result)
      const { setCookie } = sessionHeaders(
        transport.cookie,
        () => transport.variantFor(visitor),
        true,
        open.finish(),
        FRESH,
      )
      return { body, headers: setCookie === undefined ? {} : { 'Set-Cookie': setCookie } }
    } finally {
      open.close()
    }
  }
}

function linesOf(request: IncomingMessage, name: string): string | readonly string[] | undefined {
  const lines = request.headersDistinct[name]
  return lines?.length === 1 ? lines[0] : lines
}
