/** How sessions end: `revokeRecords` and `sweepRecords` of core, in SQL. Part of migration 1. */
export const ENDINGS = `
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
