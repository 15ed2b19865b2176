import { EPOCHS_LUA, RECORD_LUA } from './record.lua.js'

/** KEYS: session, and on a single server the counters. ARGV[1]: the counters as the caller read them, in a Cluster. */
const OPEN = `${RECORD_LUA}${EPOCHS_LUA}
local key = KEYS[1]
local epochs
if KEYS[2] then
  epochs = parseEpochs(redis.call('GET', KEYS[2]), KEYS[2])
else
  epochs = parseEpochs(ARGV[1], ARGV[2])
end
if epochs == nil then return { 'epochs' } end
if epochs == false then return { 'corrupt epochs' } end

-- Whether a sign-in must be born ended: its subject was revoked, or it was evicted, after it was reserved.
local function isDoomed(r, subject, reserved)
  return r and r.doom and r.doom.subject == subject and reserved <= r.doom.cut
end
`

/**
 * ARGV: counters, their key, value, id, epoch, subject, now, life, channel, slack, reservation ('' for an anonymous
 * session), last instant of it.
 */
export const INSERT_SCRIPT: string = `${OPEN}
local value, id, epoch, subject = ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]
local now, life, channel, slack = tonumber(ARGV[7]), ARGV[8], ARGV[9], tonumber(ARGV[10])
if isDead(epochs, epoch) then return { 'ended' } end
local present, problem = load(key)
if problem then return { problem } end
if present and not present.void then return { 'exists' } end
if ARGV[11] ~= '' then
  -- A reservation that is older than its place in the subject's index may be kept: too late.
  if milliseconds() > tonumber(ARGV[12]) then return { 'late' } end
  if isDoomed(present, subject, tonumber(ARGV[11])) then
    if present.doom.reason ~= 'evicted' then return { 'ended' } end
    local r = readBody(value)
    r.version = r.version + 1
    r.revoked, r.reason = present.doom.at, present.doom.reason
    save(key, r, now, slack)
    redis.call('PUBLISH', channel, 'c' .. id)
    return { 'inserted' }
  end
end
redis.call('SET', key, value, 'PX', life)
redis.call('PUBLISH', channel, 'c' .. id)
return { 'inserted' }
`

/**
 * ARGV: counters, their key, id, now, channel, slack, ifVersion, ifGeneration, maxDataBytes,
 * touch: seen, idle; settle: hash, at; rotate: present hash, new hash, sealed, at; replace: hash, at;
 * authenticate: subject, at, methods, idle, absolute, persistent, reservation, last instant of it;
 * whether data is written, whether it is cleared, number of keys to unset, those, then keys and values to set.
 * '' is "not there". The order of the steps is that of \`transitions.ts\`.
 */
export const UPDATE_SCRIPT: string = `${OPEN}
local id, now, channel, slack = ARGV[3], tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])
local r, problem = load(key)
if problem then return { problem } end
if not r or r.void then return { 'missing' } end
local function given(n) return ARGV[n] ~= '' end
local function number(n) return tonumber(ARGV[n]) end

if isDead(epochs, r.epoch) or not isLive(r, now) then return { 'ended', r.raw } end
if given(8) and number(8) ~= r.generation then return { 'ended', r.raw } end
if given(7) and number(7) ~= r.version then return { 'conflict', r.raw } end
local before = r.raw

if ARGV[28] == '1' then
  local data = r.data
  if ARGV[29] == '1' then data = { order = {}, values = {} } end
  local unset = number(30)
  for n = 31, 30 + unset do data.values[ARGV[n]] = nil end
  local order = {}
  for _, name in ipairs(data.order) do
    if data.values[name] then order[#order + 1] = name end
  end
  for n = 31 + unset, #ARGV, 2 do
    if not data.values[ARGV[n]] then order[#order + 1] = ARGV[n] end
    data.values[ARGV[n]] = ARGV[n + 1]
  end
  data.order = order
  r.data = data
  local bytes = 0
  for _, name in ipairs(order) do bytes = bytes + #name + #data.values[name] end
  if given(9) and bytes > number(9) then
    return { 'too_large', string.format('%.0f', bytes) }
  end
end

r.version = r.version + 1
if given(10) then
  r.seen = math.max(r.seen, number(10))
  r.idle = math.max(r.idle, math.min(number(11), r.absolute))
end
if given(12) and ARGV[12] == r.hash and r.previous and r.previous.superseded == 0 then
  r.previous.superseded = number(13) + 1
end
if given(14) and ARGV[14] == r.hash then
  r.previous = { hash = r.hash, sealed = ARGV[16], superseded = 0 }
  r.hash, r.rotated = ARGV[15], number(17)
end
if given(18) then
  r.generation = r.generation + 1
  r.previous = { hash = r.hash, sealed = '', superseded = number(19) + 1 }
  r.hash, r.rotated = ARGV[18], number(19)
end
if given(20) then
  if r.subject and r.subject ~= ARGV[20] then return { 'ended', before } end
  if not r.subject then
    -- A session never loses its subject: whoever brings no reservation has read another one's.
    if not given(26) then return { 'ended', before } end
    if milliseconds() > number(27) then return { 'late' } end
    if isDoomed(r, ARGV[20], number(26)) then
      if r.doom.reason ~= 'evicted' then return { 'ended', before } end
      r.revoked, r.reason = r.doom.at, r.doom.reason
    end
    r.doom = nil
    r.absolute = number(24)
  end
  r.subject, r.authenticated, r.methods = ARGV[20], number(21), ARGV[22]
  r.persistent = ARGV[25] == '1'
  r.seen = math.max(r.seen, number(21))
  r.idle = math.min(math.max(r.idle, number(23)), r.absolute)
end
local raw = save(key, r, now, slack)
redis.call('PUBLISH', channel, 'c' .. id)
return { 'updated', raw }
`

/**
 * Ends a session. With a reservation it also ends the sign-in that has it and has not arrived: what is not there yet, or
 * not yet of that subject, is left a doom, for as long as the sign-in may still come.
 *
 * ARGV: counters, their key, id, instant, reason, channel, slack, subject, reservation, life of a doom.
 * Gives 'ended' and whether it was live, 'doomed', or 'none' and when it had ended: 0 where there is nothing at all.
 */
export const END_SCRIPT: string = `${OPEN}
local id, at, reason, channel, slack = ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6], tonumber(ARGV[7])
local subject, reserved = ARGV[8], ARGV[9]
local r, problem = load(key)
if problem then return { problem } end
if not r or r.void or (subject ~= '' and not r.subject and not r.revoked) then
  if reserved == '' then return { 'none', r and '' or '0' } end
  local fresh = not r
  r = r or { void = true, data = { order = {}, values = {} } }
  if isDoomed(r, subject, tonumber(reserved)) then return { 'doomed' } end
  r.doom = { cut = tonumber(reserved), subject = subject, at = at, reason = reason }
  redis.call('SET', key, pack(key, r), unpack(fresh and { 'PX', ARGV[10] } or { 'KEEPTTL' }))
  return { 'doomed' }
end
if subject ~= '' and r.subject ~= subject then return { 'none' } end
if r.revoked then return { 'none', string.format('%.0f', r.revoked) } end
if isDead(epochs, r.epoch) then return { 'none' } end
local live = isLive(r, at)
r.version = r.version + 1
r.revoked, r.reason, r.doom = at, reason, nil
save(key, r, at, slack)
redis.call('PUBLISH', channel, 'c' .. id)
return { 'ended', live and '1' or '0' }
`
