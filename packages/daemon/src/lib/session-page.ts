import type { SessionInfo, Sessions } from '@holdfast/core'
import { engineOf, toInfo } from '@holdfast/core/engine'
import type { Output, page, sessionInfo, sessionPage } from '@holdfast/protocol/shapes'

type Page = Output<typeof sessionPage>
type Row = Output<typeof sessionInfo>

/** One page of the sessions of an account. Errors: store errors. */
export async function listSessions(
  sessions: Sessions,
  { subject, after, limit, ended }: Output<typeof page>,
): Promise<Page> {
  const { store, now } = engineOf(sessions)
  const place = after === undefined ? {} : { after }
  const { records, next } = await store.list(subject, {
    ...place,
    limit,
    now: now(),
    includeEnded: ended === 'true',
  })
  return { sessions: records.map((record) => toRow(toInfo(record))), next }
}

/** What is shown of a session, as JSON. */
export function toRow(info: SessionInfo): Row {
  const { methods, client } = info
  return { ...info, methods: [...methods], client: client === null ? null : { ...client } }
}
