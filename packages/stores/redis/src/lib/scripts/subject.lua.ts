import { RECORD_LUA } from './record.lua.js'

const DAY = 24 * 3_600_000

/** Places that a subject's field holds at most, and how many are left in it when the oldest of more go to the older ones. */
const RECENT = 32
const KEPT = 16
/** Older places that are then looked at: several times as many as have come, so that those of ended sessions stay few. */
const LOOKED_AT = 64

/**
 * A subject's field in its bucket: format (1, or 2 with a barrier), checksum, the second until which it must be kept, the
 * barrier, and 23 bytes for each session: packed id, then reservation, with 2^47 added as a mark. Reservations are instants
 * of this server's clock; a marked session is to be ended before the next one of the subject is written.
 *
 * It holds the newest places only, so that a sign-in costs the same however many there are. The older ones are a sorted set
 * of the subject's own, KEYS[2]: the same 23 bytes, by the instant until which they must be kept, with 2^47 added as a mark.
 */
const OPEN = `${RECORD_LUA}
local key, older, field = KEYS[1], KEYS[2], ARGV[1]
local now = milliseconds()
local ID, ENTRY, MARK = 17, 23, 2 ^ 47
local function whole(number) return string.format('%.0f', number) end

local function parse(name, s)
  local format = string.byte(s, 1)
  if format and format > 2 and format < 32 then return nil, 'newer' end
  local head = format == 2 and 15 or 9
  if (format ~= 1 and format ~= 2) or #s < head or (#s - head) % ENTRY ~= 0 then
    return nil, 'corrupt'
  end
  if checksum(string.sub(s, 1, 1) .. name, string.sub(s, 6), key) ~= string.sub(s, 2, 5) then
    return nil, 'corrupt'
  end
  local place = { entries = {}, byId = {}, barrier = 0 }
  place.keep = struct.unpack('>I4', s, 6) * 1000
  if format == 2 then place.barrier = struct.unpack('>I6', s, 10) end
  for at = head + 1, #s, ENTRY do
    local reserved = struct.unpack('>I6', s, at + ID)
    local entry = { id = string.sub(s, at, at + ID - 1), marked = reserved >= MARK }
    entry.reserved = reserved % MARK
    place.entries[#place.entries + 1] = entry
    place.byId[entry.id] = entry
  end
  return place
end

local function open()
  local s = redis.call('HGET', key, field)
  if not s then return { barrier = 0, keep = 0, entries = {}, byId = {} } end
  return parse(field, s)
end

local function remove(place, id)
  local gone = place.byId[id]
  place.byId[id] = nil
  if gone.older then redis.call('ZREM', older, gone.older) end
  for n, entry in ipairs(place.entries) do
    if entry.id == id then return table.remove(place.entries, n) end
  end
end

-- For who must know all. Of several places of a session the newest counts, and one in the field is newer than these.
local function loadOlder(place)
  local all = redis.call('ZRANGE', older, 0, -1, 'WITHSCORES')
  for n = 1, #all, 2 do
    if #all[n] ~= ENTRY then return 'corrupt' end
    local id, reserved = string.sub(all[n], 1, ID), struct.unpack('>I6', all[n], ID + 1)
    local known = place.byId[id]
    if known and (not known.older or known.reserved >= reserved) then
      redis.call('ZREM', older, all[n])
    else
      if known then remove(place, id) end
      local marked = tonumber(all[n + 1]) >= MARK
      local entry = { id = id, reserved = reserved, marked = marked, older = all[n] }
      place.entries[#place.entries + 1] = entry
      place.byId[id] = entry
    end
  end
end

-- What has had its time goes when something new comes, a few fields at a time.
local function tidy(count)
  local gone = 0
  for _, name in ipairs(redis.call('HRANDFIELD', key, count)) do
    local s = redis.call('HGET', key, name)
    if s and #s >= 9 and struct.unpack('>I4', s, 6) * 1000 < now and parse(name, s) then
      gone = gone + redis.call('HDEL', key, name)
    end
  end
  return gone
end

local function keepFor(name, keep)
  local life = math.max(keep - now, 1000)
  if redis.call('PTTL', name) < life then redis.call('PEXPIRE', name, whole(life)) end
end

local function save(place)
  local barred = place.barrier > 0
  local out = { struct.pack('>I4', math.min(math.ceil(place.keep / 1000), 2 ^ 32 - 1)) }
  if barred then out[2] = struct.pack('>I6', place.barrier) end
  for _, entry in ipairs(place.entries) do
    if not entry.older then
      out[#out + 1] = entry.id
      out[#out + 1] = struct.pack('>I6', entry.reserved + (entry.marked and MARK or 0))
    end
  end
  local format, body = string.char(barred and 2 or 1), table.concat(out)
  redis.call('HSET', key, field, format .. checksum(format .. field, body, key) .. body)
  keepFor(key, place.keep)
end
`

/** Moves places from a full field to the older ones, and gives some of those: whose sessions have ended may go. */
const MOVE = `
local function moveOn(place)
  local recent = {}
  for _, entry in ipairs(place.entries) do
    if not entry.older then recent[#recent + 1] = entry end
  end
  if #recent <= ${RECENT} then return {} end
  for n = 1, #recent - ${KEPT} do
    local entry = recent[n]
    entry.older = entry.id .. struct.pack('>I6', entry.reserved)
    local score = place.keep + (entry.marked and MARK or 0)
    redis.call('ZADD', older, whole(score), entry.older)
  end
  redis.call('ZREMRANGEBYSCORE', older, '-inf', whole(now))
  keepFor(older, place.keep)
  return redis.call('ZRANDMEMBER', older, ${LOOKED_AT})
end
`

/**
 * Takes a place for a session in its subject's index, before the session is written, and decides whom it displaces.
 *
 * ARGV: field, packed id, epoch, life of the place, max ('' for no limit), onLimit, then what the caller has read of each
 * known session, oldest first: id, reservation, 'live', 'dead', 'pending' or 'stale'.
 * Gives 'ended', 'limit', or 'ok', the reservation, whether it is a new place, how many of the following are evicted by
 * this one, ids and reservations of those that must be ended first, and older places to look at.
 */
export const RESERVE_SCRIPT: string = `${OPEN}${MOVE}
local id, epoch, life, max = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local place, problem = open()
if problem then return { problem } end
-- Barriers are kept for a day: what began earlier is refused, whoever it is for. 0 claims no epoch.
if epoch > 0 and epoch < now - ${DAY} then return { 'ended' } end
if epoch < place.barrier then return { 'ended' } end
if max then problem = loadOlder(place) end
if problem then return { problem } end

local state, first, help = {}, {}, {}
for n = 7, #ARGV, 3 do
  local entry = place.byId[ARGV[n]]
  if entry and entry.reserved == tonumber(ARGV[n + 1]) then
    if ARGV[n + 2] == 'stale' then
      remove(place, ARGV[n])
    else
      state[ARGV[n]] = ARGV[n + 2]
      if ARGV[n + 2] == 'live' and not entry.marked and entry.id ~= id then first[#first + 1] = entry end
    end
  end
end
local evicted = 0
if max then
  -- What is on its way, or has come since the caller looked, counts as live and as the youngest.
  local young = {}
  for _, entry in ipairs(place.entries) do
    local known = state[entry.id]
    if entry.marked and known ~= 'dead' then
      help[#help + 1] = entry
    elseif not entry.marked and entry.id ~= id and (known == nil or known == 'pending') then
      young[#young + 1] = entry
    end
  end
  table.sort(young, function(a, b)
    if a.reserved ~= b.reserved then return a.reserved < b.reserved end
    return a.id < b.id
  end)
  for _, entry in ipairs(young) do first[#first + 1] = entry end
  evicted = math.max(#first + 1 - max, 0)
  if evicted > 0 and ARGV[6] == 'reject' then return { 'limit' } end
  for n = 1, evicted do
    first[n].marked = true
    if first[n].older then redis.call('ZINCRBY', older, whole(MARK), first[n].older) end
  end
end

local old = place.byId[id]
local reserved = math.max(now, old and old.reserved + 1 or 0)
if old then remove(place, id) end
place.entries[#place.entries + 1] = { id = id, reserved = reserved, marked = false }
place.keep = math.max(place.keep, now + life, place.barrier > 0 and place.barrier + ${DAY} or 0)
local some = moveOn(place)
save(place)
tidy(2)
local out = {}
local function tell(entry)
  out[#out + 1] = entry.id
  out[#out + 1] = whole(entry.reserved)
end
for n = 1, evicted do tell(first[n]) end
for _, entry in ipairs(help) do
  if entry.id ~= id then tell(entry) end
end
return { 'ok', whole(reserved), old and '0' or '1', whole(evicted), out, some }
`

/** Gives a place back that this caller made. ARGV: field, packed id, reservation. */
export const RELEASE_SCRIPT: string = `${OPEN}
local place = open()
if not place then return { 'none' } end
local entry = place.byId[ARGV[2]]
if not entry or entry.reserved ~= tonumber(ARGV[3]) then
  redis.call('ZREM', older, ARGV[2] .. struct.pack('>I6', tonumber(ARGV[3])))
  return { 'none' }
end
remove(place, ARGV[2])
if #place.entries == 0 and place.barrier == 0 then
  redis.call('HDEL', key, field)
else
  save(place)
end
return { 'ok' }
`

/**
 * Refuses every later sign-in that began before \`epoch\`, and tells who is there.
 * ARGV: field, epoch. Gives the field's text from before, the older places, and this server's time.
 */
export const BAR_SCRIPT: string = `${OPEN}
local before = redis.call('HGET', key, field)
local place, problem = open()
if problem then return { problem } end
place.barrier = math.max(place.barrier, tonumber(ARGV[2]))
place.keep = math.max(place.keep, math.max(place.barrier, now) + ${DAY} + 3600000)
save(place)
return { 'ok', before or '', redis.call('ZRANGE', older, 0, -1), whole(now) }
`

/** What there is of a subject: the field's text, the older places, and this server's time. ARGV: field. */
export const PEEK_SCRIPT: string = `
local t = redis.call('TIME')
return {
  redis.call('HGET', KEYS[1], ARGV[1]) or '', redis.call('ZRANGE', KEYS[2], 0, -1), t[1] .. '000'
}
`

/** Removes what has had its time from one bucket. ARGV: '', number of fields to look at. */
export const TIDY_SCRIPT: string = `${OPEN}
return { 'ok', tidy(tonumber(ARGV[2])) }
`
