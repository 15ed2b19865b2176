import type { ADMIN_ROUTES } from '@holdfast/protocol'
import type { keyList, Output, policyText, revocation } from '@holdfast/protocol/shapes'
import { defined } from '../defined.js'
import type { Handlers } from '../http/operations.js'
import { Problem } from '../http/problem.js'
import type { Control, DaemonParts, KeyList } from '../parts.js'
import { listSessions, toRow } from '../session-page.js'
import { readEventNames } from './event-names.js'
import type { EventStreams } from './event-stream.js'

/** What administrators may ask, by operation. The manager may be another after each reload, so it is never kept. */
export function adminHandlers(
  parts: DaemonParts,
  control: Control,
  streams: EventStreams,
): Handlers<typeof ADMIN_ROUTES> {
  return {
    list: async ({ query }) => ({ body: await listSessions(parts.sessions, query) }),
    show: async ({ id }) => {
      const info = await parts.sessions.get(id)
      if (info === null) throw unknownSession()
      return { body: toRow(info) }
    },
    revoke: async ({ body }) => ({ body: { count: await revoke(parts, body) } }),
    keys: async () => ({ body: copyKeys(await control.keys()) }),
    rotateKeys: async () => ({ body: copyKeys(await control.rotateKeys()) }),
    retireKey: async ({ body }) => ({ body: copyKeys(await control.retireKey(body.id)) }),
    policy: () => ({ body: describePolicy(parts) }),
    status: async () => ({ body: await control.status() }),
    reload: async () => ({ body: await control.reload() }),
    events: ({ query }) => ({ body: streams.open(readEventNames(query.type)) }),
  }
}

type Revocation = Output<typeof revocation>

/** How many live sessions ended; null for everyone's. */
async function revoke({ sessions }: DaemonParts, asked: Revocation): Promise<number | null> {
  const reason = defined({ reason: asked.reason })
  if ('session' in asked) return (await sessions.revoke(asked.session, reason)) ? 1 : 0
  if ('subject' in asked)
    return sessions.revokeAll(asked.subject, { ...reason, except: asked.except })
  await sessions.revokeEveryone(reason)
  return null
}

/** As JSON has it: what is switched off is null there. */
function describePolicy({ sessions }: DaemonParts): Output<typeof policyText> {
  const { policy, text } = sessions.describePolicy()
  const fields: Output<typeof policyText>['policy'] = JSON.parse(JSON.stringify(policy))
  return { policy: fields, text }
}

function copyKeys({ managed, keys }: KeyList): Output<typeof keyList> {
  return { managed, keys: keys.map((key) => ({ ...key })) }
}

function unknownSession(): Problem {
  const detail = 'there is no session of this id, or its record is no longer kept'
  return new Problem(404, 'ERR_DAEMON_NOT_FOUND', detail)
}
