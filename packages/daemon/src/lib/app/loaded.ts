import type { JsonValue, SessionInfo } from '@holdfast/core'
import { type OpenSession, Scope, toInfo } from '@holdfast/core/engine'
import type { loaded, Output } from '@holdfast/protocol/shapes'

type Loaded = Output<typeof loaded>

/** What an application is shown of a session: its own values and those that all share, nobody else's. */
export function describeSession(open: OpenSession, namespace: string): Loaded {
  const { record } = open
  if (record === null) return { session: null, version: null, data: {}, shared: {} }
  return {
    session: viewOf(toInfo(record)),
    version: record.version,
    data: valuesOf(new Scope(open, namespace)),
    shared: valuesOf(new Scope(open, open.engine.dataRules.sharedNamespace)),
  }
}

/** Without the device and the ending, which are for those who administer. */
function viewOf(info: SessionInfo): NonNullable<Loaded['session']> {
  const { id, subject, createdAt, authenticatedAt, lastSeenAt, expiresAt } = info
  const { absoluteDeadline, persistent, methods } = info
  return {
    id,
    subject,
    createdAt,
    authenticatedAt,
    methods: [...methods],
    lastSeenAt,
    expiresAt,
    absoluteDeadline,
    persistent,
  }
}

function valuesOf(scope: Scope): Loaded['data'] {
  const values: [string, JsonValue][] = []
  for (const key of scope.keys()) {
    const value = scope.get(key)
    if (value !== undefined) values.push([key, value])
  }
  return Object.fromEntries(values)
}
