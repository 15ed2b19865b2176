import { createHash } from 'node:crypto'
import type { Statement } from './driver.js'

/** The hash as base64url. */
const hash = (column: string): string => `translate(encode(${column}, 'base64'), '+/=', '-_')`

/** A session `s` as one JSON array, which `rows.ts` reads; `revoked` and `reason` are expressions. */
function view(s: string, version: string, revokedAt: string, reason: string): string {
  const columns = [
    `${s}.id`,
    hash(`${s}.verifier_hash`),
    version,
    ...['generation', 'epoch', 'created_at', 'rotated_at', 'last_seen_at'].map((c) => `${s}.${c}`),
    ...['idle_deadline', 'absolute_deadline', 'persistent', 'subject'].map((c) => `${s}.${c}`),
    ...['authenticated_at', 'methods'].map((c) => `${s}.${c}`),
    hash(`${s}.previous_hash`),
    ...['previous_sealed', 'superseded_at', 'client_label'].map((c) => `${s}.${c}`),
    ...['client_address', 'client_agent', 'binding', 'data'].map((c) => `${s}.${c}`),
    revokedAt,
    reason,
  ]
  return `json_build_array(${columns.join(', ')})::text`
}

/** Whether `s` ended with everyone. */
const WITH_ALL = '(s.revoked_at is null and s.epoch < e.everyone)'
const STORED = view(
  's',
  `s.version + ${WITH_ALL}::integer`,
  `case when ${WITH_ALL} then e.everyone_at else s.revoked_at end`,
  `case when ${WITH_ALL} then e.everyone_reason else s.reason end`,
)
const RETURNED = view(
  '(u.session)',
  '(u.session).version',
  '(u.session).revoked_at',
  '(u.session).reason',
)

const LIVE = `s.revoked_at is null and s.epoch >= e.everyone
  and $4::text::bigint < least(s.idle_deadline, s.absolute_deadline)`

/** Each statement of the store: one round trip, and where it changes something one function that is atomic. */
export interface Statements {
  readonly check: Statement
  readonly epoch: Statement
  readonly beat: Statement
  readonly find: Statement
  readonly list: Statement
  readonly listAll: Statement
  readonly insert: Statement
  readonly update: Statement
  readonly revokeSession: Statement
  readonly revokeSubject: Statement
  readonly revokeEveryone: Statement
  readonly sweep: Statement
}

/** The statements for a schema, whose name has been checked. */
export function statementsFor(name: string): Statements {
  const schema = `"${name}"`
  // Without its counters a schema gives no row at all, which is not the same as no session.
  const shown = (
    rows: string,
  ): string => `select s.id, case when s.id is not null then ${STORED} end
    from ${schema}.epochs e left join lateral (${rows}) s on true order by s.id`
  const page = (part: string): string => `(select s.* from ${schema}.sessions s
    where s.subject = $1::text and s.id > $2::text and ${part}
    order by s.id limit $3::text::integer)`
  return {
    // Settings that only the server's owner can change; a session's own synchronous_commit is set by each call.
    check: statement(`select (select max(version) from ${schema}.migrations)::text,
      pg_is_in_recovery()::text, current_setting('fsync'), current_setting('full_page_writes'),
      current_setting('server_encoding'), current_setting('default_transaction_isolation'),
      current_setting('server_version_num')`),
    epoch: statement(
      `select case when pg_is_in_recovery() then null else current::text end from ${schema}.epochs`,
    ),
    // Commits that notify wait for each other, and one may wait for a standby that is away: a beat soon gives up, or each
    // connection to listen on would leave one behind that waits on.
    beat: statement(`select set_config('synchronous_commit', 'off', true),
      pg_notify($1::text, $2::text), current::text, set_config('lock_timeout', '1000', true)
      from ${schema}.epochs`),
    find: statement(`select pg_is_in_recovery()::text, s.id, case when s.id is not null then ${STORED} end
      from ${schema}.epochs e left join ${schema}.sessions s on s.id = any ($1::text::text[])`),
    list: statement(shown(page(LIVE))),
    listAll: statement(
      shown(`${page('s.revoked_at is null')} union all ${page('s.revoked_at is not null')}
        order by id limit $3::text::integer`),
    ),
    insert: statement(`select status, to_json(evicted)::text from ${schema}.insert_session(
      $1::text::jsonb, $2::text::bigint, $3::text::integer, $4::text, $5::text::integer)`),
    update: statement(`select u.status, u.bytes::text, to_json(u.evicted)::text,
      case when u.status in ('updated', 'conflict', 'ended') then ${RETURNED} end
      from ${schema}.update_session(
        $1::text, $2::text::jsonb, $3::text::boolean, $4::text::integer) u`),
    revokeSession: statement(`select ${schema}.revoke_session(
      $1::text, $2::text::bigint, $3::text, $4::text::integer)::text`),
    revokeSubject: statement(`select ended::text, epoch::text from ${schema}.revoke_subject(
      $1::text, $2::text, $3::text::bigint, $4::text, $5::text::integer)`),
    revokeEveryone: statement(`select ${schema}.revoke_everyone(
      $1::text::bigint, $2::text, $3::text::integer)::text`),
    sweep: statement(`select deleted::text, looked::text from ${schema}.sweep_sessions(
      $1::text::bigint, $2::text::integer, $3::text::integer)`),
  }
}

function statement(text: string): Statement {
  const digest = createHash('sha256').update(text).digest('base64url').slice(0, 12)
  return { name: `holdfast_${digest}`, text }
}
