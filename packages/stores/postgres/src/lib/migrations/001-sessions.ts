import { CHANGES } from './001-changes.js'
import { ENDINGS } from './001-endings.js'

/**
 * The first schema. `{schema}` stands for the quoted name of the schema, `{name}` for it as a text literal, `{channel}`
 * for the channel of notices as a text literal.
 *
 * A migration that has been released is never changed: what is better comes in the next one.
 *
 * The functions say in SQL what `transitions.ts` and `operations.ts` of core say in TypeScript; the conformance suite
 * compares them. Each is one statement for the client, and each of its own statements sees what was committed before it:
 * that is what makes "lock, then look" right under READ COMMITTED.
 *
 * Locks are taken in one order, so that no two calls wait for each other: subject, counters, barriers, sessions. Sweeps
 * never wait for a session.
 */
export const SESSIONS: string = `
create table {schema}.epochs (
  one boolean primary key default true check (one),
  current bigint not null default 0,
  everyone bigint not null default 0,
  everyone_at bigint not null default 0,
  everyone_reason text not null default '',
  floor bigint not null default 0
) with (fillfactor = 10);

insert into {schema}.epochs default values;

create table {schema}.barriers (
  epoch bigint not null,
  at bigint not null,
  subject text collate "C" primary key
);

create index barriers_at on {schema}.barriers (at);

create table {schema}.sessions (
  version bigint not null,
  generation bigint not null,
  epoch bigint not null,
  created_at bigint not null,
  authenticated_at bigint,
  rotated_at bigint not null,
  last_seen_at bigint not null,
  idle_deadline bigint not null,
  absolute_deadline bigint not null,
  sweep_at bigint not null,
  superseded_at bigint,
  revoked_at bigint,
  persistent boolean not null,
  id text collate "C" primary key check (octet_length(id) = 22),
  verifier_hash bytea not null check (octet_length(verifier_hash) = 32),
  previous_hash bytea check (octet_length(previous_hash) = 32),
  previous_sealed text,
  subject text collate "C",
  reason text,
  binding text,
  client_label text,
  client_address text,
  client_agent text,
  methods jsonb not null default '[]' check (jsonb_typeof(methods) = 'array'),
  data jsonb not null default '{}' check (jsonb_typeof(data) = 'object')
) with (fillfactor = 90);

comment on column {schema}.sessions.sweep_at is
  'When a sweep looks at the session: never later than a second after its end. A touch leaves it alone, so that it stays a heap-only update; the sweep moves it on.';

create index sessions_live on {schema}.sessions (subject, id)
  where revoked_at is null and subject is not null;
create index sessions_ended on {schema}.sessions (subject, id)
  where revoked_at is not null and subject is not null;
create index sessions_due on {schema}.sessions (sweep_at);

-- How this one call waits and whether it is on the disk when it returns. Durable unless all it does is record activity.
create function {schema}.begin_call(p_wait integer, p_durable boolean) returns void
language plpgsql as $fn$
begin
  perform set_config('lock_timeout', p_wait::text, true);
  if not p_durable then
    perform set_config('synchronous_commit', 'off', true);
  elsif current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
end
$fn$;

-- Sign-ins, limits and revocations of one subject happen one after the other.
create function {schema}.lock_subject(p_subject text) returns void
language plpgsql as $fn$
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'Holdfast needs the isolation level read committed' using errcode = 'HF001';
  end if;
  perform pg_advisory_xact_lock(hashtextextended({name} || ':' || p_subject, 0));
end
$fn$;

-- Tells listeners which sessions changed, and the counter where it did. A payload must stay under 8,000 bytes.
create function {schema}.announce(p_ids text[], p_epoch bigint) returns void
language plpgsql as $fn$
begin
  for n in 0 .. greatest(0, (coalesce(cardinality(p_ids), 0) - 1) / 300) loop
    perform pg_notify({channel},
      coalesce(p_epoch::text, '') || ';' || array_to_string(p_ids[n * 300 + 1 : n * 300 + 300], ','));
  end loop;
end
$fn$;

create function {schema}.sweep_time(p_purge bigint) returns bigint
language sql immutable as $fn$ select (p_purge + 999) / 1000 * 1000 $fn$;

-- Bytes of keys and texts, as dataBytes() of core counts them. U+0001 marks what PostgreSQL cannot hold: U+0001 0 is one
-- byte (U+0000), U+0001 1 is one byte (U+0001), U+0001 u and four digits is three (a lone surrogate).
create function {schema}.data_bytes(p_data jsonb) returns bigint
language sql immutable as $fn$
  select coalesce(sum(
    case when position(E'\\x01' in text) = 0 then octet_length(text)
    else octet_length(replace(text, E'\\x01', '')) - octet_length(text)
      + octet_length(replace(text, E'\\x01u', '')) end), 0)
  from (select key || value as text from jsonb_each_text(p_data)) pairs
$fn$;

-- Whether a sign-in that began at this counter was overtaken by a revocation. One statement: counters and barriers change together.
create function {schema}.is_barred(p_subject text, p_epoch bigint) returns boolean
language sql stable as $fn$
  select p_epoch < greatest(e.everyone, e.floor, b.epoch)
  from {schema}.epochs e left join {schema}.barriers b on b.subject = p_subject
$fn$;

-- Who must go for one more session of the subject; null if the limit refuses it.
create function {schema}.make_room(
  p_subject text, p_id text, p_now bigint, p_max integer, p_on_limit text) returns text[]
language plpgsql as $fn$
declare
  others text[];
  excess integer;
begin
  if p_max is null then return '{}'; end if;
  select array_agg(s.id order by
      case p_on_limit when 'evict-idle' then s.last_seen_at else s.created_at end, s.id)
    into others
    from {schema}.sessions s, {schema}.epochs e
    where s.subject = p_subject and s.revoked_at is null and s.id <> p_id
      and s.epoch >= e.everyone and p_now < least(s.idle_deadline, s.absolute_deadline);
  excess := coalesce(cardinality(others), 0) + 1 - p_max;
  if excess <= 0 then return '{}'; end if;
  if p_on_limit = 'reject' then return null; end if;
  return others[1:excess];
end
$fn$;

create function {schema}.evict(p_ids text[], p_now bigint) returns text[]
language sql as $fn$
  with gone as (
    update {schema}.sessions set revoked_at = p_now, reason = 'evicted', version = version + 1
    where id = any (p_ids) and revoked_at is null returning id)
  select coalesce(array_agg(id), '{}') from gone
$fn$;

${CHANGES}
${ENDINGS}`
