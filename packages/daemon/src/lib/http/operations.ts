import type { IncomingMessage } from 'node:http'
import type { MaybePromise } from '@holdfast/core'
import type { Route } from '@holdfast/protocol'
import type { Output } from '@holdfast/protocol/shapes'
import type { Stream } from './stream.js'
import type { Text } from './text.js'

/** One request to an operation, checked by the shapes of its route. */
export interface Call<Body, Query> {
  readonly request: IncomingMessage
  readonly body: Body
  readonly query: Query
  /** What stands for `{id}` in the path; empty where the path has none. */
  readonly id: string
}

/** What is answered: with 200, or with 204 where there is no body. */
export interface Reply<Body> {
  readonly body: Body
  readonly headers?: Readonly<Record<string, string>>
}

/** JSON where the route has a shape for it; else nothing, or what is no JSON. */
type Answered<Answer> = Answer extends null ? Text | Stream | undefined : Output<Answer>

/** What an operation does. */
type Handler<R> =
  R extends Route<infer Given, infer Answer, infer Query>
    ? (call: Call<Output<Given>, Output<Query>>) => MaybePromise<Reply<Answered<Answer>>>
    : never

/** One handler for each route of a door. */
export type Handlers<Routes> = { readonly [Name in keyof Routes]: Handler<Routes[Name]> }

/** One operation, its types forgotten: its route's shapes have checked what it gets. */
export interface Operation {
  readonly name: string
  readonly route: Route
  readonly handle: (call: Call<unknown, unknown>) => MaybePromise<Reply<unknown>>
}

/** Routes and handlers as a list. */
export function operationsOf<Routes extends Readonly<Record<string, Route>>>(
  routes: Routes,
  handlers: Handlers<Routes>,
): readonly Operation[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each is called with what its own route has checked
  const untyped = handlers as unknown as Readonly<Record<string, Operation['handle']>>
  return Object.entries(routes).map(([name, route]) => {
    const handle = untyped[name]
    if (handle === undefined) throw new TypeError(`operation ${name} has no handler`)
    return { name, route, handle }
  })
}
