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
export const SESSIONS = `
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
) with (fillfactor = 80);

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

create function {schema}.insert_session(
  p_session jsonb, p_now bigint, p_max integer, p_on_limit text, p_wait integer,
  out status text, out evicted text[])
language plpgsql as $fn$
declare
  r {schema}.sessions := jsonb_populate_record(null::{schema}.sessions, p_session);
  since bigint;
begin
  perform {schema}.begin_call(p_wait, true);
  if r.subject is not null then perform {schema}.lock_subject(r.subject); end if;
  select everyone into strict since from {schema}.epochs;
  if r.epoch < since or r.subject is not null and {schema}.is_barred(r.subject, r.epoch) then
    status := 'ended';
    return;
  end if;
  evicted := '{}';
  if r.subject is not null then
    evicted := {schema}.make_room(r.subject, r.id, p_now, p_max, p_on_limit);
    if evicted is null then
      status := 'limit';
      return;
    end if;
  end if;
  insert into {schema}.sessions select r.* on conflict (id) do nothing;
  if not found then
    status := 'exists';
    evicted := null;
    return;
  end if;
  status := 'inserted';
  if cardinality(evicted) > 0 then
    evicted := {schema}.evict(evicted, p_now);
    perform {schema}.announce(evicted, null);
  end if;
end
$fn$;

create function {schema}.update_session(
  p_id text, c jsonb, p_durable boolean, p_wait integer,
  out status text, out bytes bigint, out evicted text[], out session {schema}.sessions)
language plpgsql as $fn$
declare
  p_now bigint := (c->>'now')::bigint;
  writes boolean := c ?| array['set', 'unset', 'clear'];
  auth jsonb := c->'authenticate';
  e {schema}.epochs;
  n {schema}.sessions;
begin
  perform {schema}.begin_call(p_wait, p_durable);
  if auth is not null then perform {schema}.lock_subject(auth->>'subject'); end if;
  select s.* into session from {schema}.sessions s where s.id = p_id for update;
  if not found then
    status := 'missing';
    return;
  end if;
  select * into strict e from {schema}.epochs;
  if session.revoked_at is null and session.epoch < e.everyone then
    session.revoked_at := e.everyone_at;
    session.reason := e.everyone_reason;
    session.version := session.version + 1;
  end if;
  if session.revoked_at is not null or p_now >= least(session.idle_deadline, session.absolute_deadline)
    or (c->>'ifGeneration')::bigint <> session.generation then
    status := 'ended';
    return;
  end if;
  if (c->>'ifVersion')::bigint <> session.version then
    status := 'conflict';
    return;
  end if;
  n := session;
  n.version := n.version + 1;
  if writes then
    n.data := case when c ? 'clear' then '{}' else n.data end;
    if c ? 'unset' then
      n.data := n.data - array(select jsonb_array_elements_text(c->'unset'));
    end if;
    n.data := n.data || coalesce(c->'set', '{}');
    if c ? 'maxDataBytes' then
      bytes := {schema}.data_bytes(n.data);
      if bytes > (c->>'maxDataBytes')::bigint then
        status := 'too_large';
        return;
      end if;
    end if;
  end if;
  if c ? 'touch' then
    n.last_seen_at := greatest(n.last_seen_at, (c->'touch'->>'lastSeenAt')::bigint);
    n.idle_deadline := greatest(n.idle_deadline,
      least((c->'touch'->>'idleDeadline')::bigint, n.absolute_deadline));
  end if;
  if c ? 'settle' and (c->'settle'->>'verifierHash')::bytea = n.verifier_hash
    and n.previous_hash is not null and n.superseded_at is null then
    n.superseded_at := (c->'settle'->>'at')::bigint;
  end if;
  if c ? 'rotate' and (c->'rotate'->>'ifVerifierHash')::bytea = n.verifier_hash then
    n.previous_hash := n.verifier_hash;
    n.previous_sealed := c->'rotate'->>'sealed';
    n.superseded_at := null;
    n.verifier_hash := (c->'rotate'->>'verifierHash')::bytea;
    n.rotated_at := (c->'rotate'->>'at')::bigint;
  end if;
  if c ? 'replace' then
    n.generation := n.generation + 1;
    n.previous_hash := n.verifier_hash;
    n.previous_sealed := null;
    n.superseded_at := (c->'replace'->>'at')::bigint;
    n.verifier_hash := (c->'replace'->>'verifierHash')::bytea;
    n.rotated_at := (c->'replace'->>'at')::bigint;
  end if;
  evicted := '{}';
  if auth is not null then
    if session.subject is null then
      if {schema}.is_barred(auth->>'subject', (auth->>'epoch')::bigint) then
        status := 'ended';
        return;
      end if;
      evicted := {schema}.make_room(auth->>'subject', p_id, p_now,
        (auth->'limit'->>'max')::integer, auth->'limit'->>'onLimit');
      if evicted is null then
        status := 'limit';
        return;
      end if;
      n.absolute_deadline := (auth->>'absoluteDeadline')::bigint;
    elsif session.subject <> auth->>'subject' then
      status := 'ended';
      return;
    end if;
    n.subject := auth->>'subject';
    n.authenticated_at := (auth->>'at')::bigint;
    n.methods := auth->'methods';
    n.persistent := (auth->>'persistent')::boolean;
    n.last_seen_at := greatest(n.last_seen_at, n.authenticated_at);
    n.idle_deadline := least(
      greatest(n.idle_deadline, (auth->>'idleDeadline')::bigint), n.absolute_deadline);
  end if;
  n.sweep_at := least(n.sweep_at, {schema}.sweep_time(least(n.idle_deadline, n.absolute_deadline)));
  -- Only what has changed is written to an index or out of line: a touch is a heap-only update.
  update {schema}.sessions s set
    version = n.version, generation = n.generation, authenticated_at = n.authenticated_at,
    rotated_at = n.rotated_at, last_seen_at = n.last_seen_at, idle_deadline = n.idle_deadline,
    absolute_deadline = n.absolute_deadline, sweep_at = n.sweep_at, superseded_at = n.superseded_at,
    persistent = n.persistent, verifier_hash = n.verifier_hash, previous_hash = n.previous_hash,
    previous_sealed = n.previous_sealed, subject = n.subject, methods = n.methods,
    data = case when writes then n.data else s.data end
    where s.id = p_id;
  if cardinality(evicted) > 0 then evicted := {schema}.evict(evicted, p_now); end if;
  perform {schema}.announce(evicted || p_id, null);
  status := 'updated';
  session := n;
end
$fn$;

create function {schema}.revoke_session(p_id text, p_at bigint, p_reason text, p_wait integer) returns integer
language plpgsql as $fn$
declare
  live boolean;
begin
  perform {schema}.begin_call(p_wait, true);
  -- An expired one too: a clock that is set back must not bring it to life.
  update {schema}.sessions s set revoked_at = p_at, reason = p_reason, version = s.version + 1
    from {schema}.epochs e
    where s.id = p_id and s.revoked_at is null and s.epoch >= e.everyone
    returning p_at < least(s.idle_deadline, s.absolute_deadline) into live;
  if not found then return 0; end if;
  perform {schema}.announce(array[p_id], null);
  return live::integer;
end
$fn$;

create function {schema}.revoke_subject(
  p_subject text, p_except text, p_at bigint, p_reason text, p_wait integer,
  out ended integer, out epoch bigint)
language plpgsql as $fn$
declare
  since bigint;
  ids text[];
begin
  perform {schema}.begin_call(p_wait, true);
  perform {schema}.lock_subject(p_subject);
  update {schema}.epochs e set current = e.current + 1
    returning e.current, e.everyone into strict epoch, since;
  insert into {schema}.barriers (subject, epoch, at) values (p_subject, revoke_subject.epoch, p_at)
    on conflict (subject) do update set epoch = excluded.epoch, at = excluded.at;
  with gone as (
    update {schema}.sessions s set revoked_at = p_at, reason = p_reason, version = s.version + 1
    where s.subject = p_subject and s.revoked_at is null and s.epoch >= since
      and s.id is distinct from p_except
    returning s.id, p_at < least(s.idle_deadline, s.absolute_deadline) as live)
  select coalesce(array_agg(gone.id), '{}'), count(*) filter (where live) into ids, ended from gone;
  perform {schema}.announce(ids, epoch);
end
$fn$;

create function {schema}.revoke_everyone(p_at bigint, p_reason text, p_wait integer) returns bigint
language plpgsql as $fn$
declare
  epoch bigint;
begin
  perform {schema}.begin_call(p_wait, true);
  update {schema}.epochs e set
    current = e.current + 1, everyone = e.current + 1, everyone_at = p_at, everyone_reason = p_reason
    returning e.current into strict epoch;
  perform {schema}.announce(array['*'], epoch);
  return epoch;
end
$fn$;

-- Barriers of more than a day become one floor for everybody. Left to the next sweep where a revocation is under way.
create function {schema}.forget_barriers(p_before bigint, p_limit integer) returns void
language plpgsql as $fn$
declare
  forgotten bigint;
begin
  perform 1 from {schema}.barriers where at < p_before limit 1;
  if not found then return; end if;
  perform 1 from {schema}.epochs for update skip locked;
  if not found then return; end if;
  with gone as (
    delete from {schema}.barriers
    where subject in (select subject from {schema}.barriers where at < p_before order by at limit p_limit)
    returning epoch)
  select max(epoch) into forgotten from gone;
  update {schema}.epochs set floor = greatest(floor, forgotten);
end
$fn$;

-- Looks at what may be due, deletes what is, and moves on the rest. Several sweeps at once share the work.
create function {schema}.sweep_sessions(
  p_now bigint, p_limit integer, p_wait integer, out deleted integer, out looked integer)
language plpgsql as $fn$
declare
  since bigint;
  ids text[];
  gone text[];
begin
  perform {schema}.begin_call(p_wait, false);
  perform {schema}.forget_barriers(p_now - 24 * 3600000, p_limit);
  select everyone into strict since from {schema}.epochs;
  select coalesce(array_agg(due.id), '{}') into ids from (
    select s.id from {schema}.sessions s where s.sweep_at <= p_now
    order by s.sweep_at limit p_limit for update skip locked) due;
  looked := cardinality(ids);
  deleted := 0;
  if looked = 0 then return; end if;
  with dead as (
    delete from {schema}.sessions s where s.id = any (ids)
      and case when s.revoked_at is null and s.epoch >= since
        then least(s.idle_deadline, s.absolute_deadline) else s.absolute_deadline end <= p_now
    returning s.id)
  select coalesce(array_agg(dead.id), '{}') into gone from dead;
  deleted := cardinality(gone);
  if deleted < looked then
    update {schema}.sessions s set sweep_at = {schema}.sweep_time(
      case when s.revoked_at is null and s.epoch >= since
        then least(s.idle_deadline, s.absolute_deadline) else s.absolute_deadline end)
      where s.id = any (ids);
  end if;
  if deleted > 0 then perform {schema}.announce(gone, null); end if;
end
$fn$;
`
