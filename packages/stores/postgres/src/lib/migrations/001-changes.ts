/** How sessions begin and change: `insertRecord` and `updateRecord` of core, in SQL. Part of migration 1. */
export const CHANGES = `
create function {schema}.insert_session(
  p_session jsonb, p_now bigint, p_max integer, p_on_limit text, p_wait integer,
  out status text, out evicted text[])
language plpgsql as $fn$
declare
  r {schema}.sessions := jsonb_populate_record(null::{schema}.sessions, p_session);
  since bigint;
  present bigint;
begin
  perform {schema}.begin_call(p_wait, true);
  if r.subject is not null then perform {schema}.lock_subject(r.subject); end if;
  select everyone, current into strict since, present from {schema}.epochs;
  -- A counter from before a failover that lost revocations must not stand above those to come.
  r.epoch := least(r.epoch, present);
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
`
