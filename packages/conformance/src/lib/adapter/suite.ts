import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Session, Sessions } from '@holdfast/core'
import type { SessionStore } from '@holdfast/core/store'
import type { TransportOptions } from '@holdfast/http/transport'

/** The session that the standard application works with. */
export type AppSession = Session

/** A request as the standard application sees it. Its body is never looked at. */
export interface AppRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
}

/** What the standard application answers; the adapter's glue says it in its framework's own words. */
export interface AppReply {
  readonly status: number
  /** Headers in order; a name may occur twice. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Null: none. An iterable is streamed, chunk by chunk. */
  readonly body: string | AsyncIterable<Uint8Array> | null
  /** Where to redirect to, by the framework's own redirect if it has one; null if not. */
  readonly redirect: string | null
}

/** The application that every adapter mounts. */
export interface StandardApp {
  /** Answers a request, or throws, or rejects: all three must reach the framework as its handlers' outcome. */
  answer(request: AppRequest, session: AppSession): AppReply | Promise<AppReply>
  /**
   * For adapters on node:http: plays a script on the response itself. Gives null where the request is not for it, and then
   * `answer` is to be asked.
   */
  onNode(
    req: Pick<IncomingMessage, 'url'>,
    res: ServerResponse,
    session: AppSession,
  ): Promise<void> | null
}

/** What a case hands to the adapter. */
export interface AdapterMount {
  readonly sessions: Sessions
  readonly options: TransportOptions
  readonly app: StandardApp
}

/** A server that is listening on 127.0.0.1. */
export interface AdapterServer {
  readonly port: number
  /** Stops listening and closes every connection. */
  readonly close: () => Promise<void>
}

/** What a suite is run on. */
export interface AdapterSuiteOptions {
  /**
   * Mounts the application on the adapter and listens on 127.0.0.1, over plain HTTP, in this process. An error (the
   * session's, or the application's own) is answered with the status of `statusOf` and JSON that holds its `code`; changes
   * that a request made before it failed are committed with that answer.
   */
  readonly start: (mount: AdapterMount) => Promise<AdapterServer>
  /** The store of a case. It may be the same for all: cases share neither sessions nor what they count. */
  readonly store: () => SessionStore | Promise<SessionStore>
  /** Whether the store of a case is closed after it. Default `true`; false for a store that all cases share. */
  readonly closeStore?: boolean
  /** Whether handlers get node's own `ServerResponse`, so that the cases about it apply. Default `false`. */
  readonly nodeResponse?: boolean
  /** Requests of the junk cases. Default 2,000; the promise (P7) is made for 100,000. */
  readonly junkRequests?: number
  /** Rounds of each race between a request in flight and a logout (P2). Default 200. */
  readonly revocationRounds?: number
  /** Where the random values of a run come from; it stands in the names of the cases that use it. Default: the clock. */
  readonly seed?: number
}

/** One case, for any test runner: it passes if `run` resolves. */
export interface AdapterCase {
  /** What an observer sees, such as `laziness: reading starts nothing`. */
  readonly name: string
  readonly run: () => Promise<void>
}
