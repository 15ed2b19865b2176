/**
 * Reads and writes what `codec.ts` does, for scripts: the parts that a change merges as fields of a table, the rest as
 * opaque strings. Numbers in Lua are doubles, so whole to 2^53, and never printed without `%.0f`.
 */
export const RECORD_LUA = `
local PERSISTENT, SUBJECT, AUTHENTICATED, PREVIOUS = 1, 2, 4, 8
local CLIENT, REVOKED, DOOM, DATA = 16, 32, 64, 128

local function has(flags, flag) return bit.band(flags, flag) ~= 0 end

local function readInteger(s, at)
  local value, scale = 0, 1
  while true do
    local b = string.byte(s, at)
    at = at + 1
    if b < 128 then return value + b * scale, at end
    value = value + (b - 128) * scale
    scale = scale * 128
  end
end

local function readSigned(s, at)
  local value
  value, at = readInteger(s, at)
  if value % 2 == 0 then return value / 2, at end
  return -(value + 1) / 2, at
end

local function readText(s, at)
  local length
  length, at = readInteger(s, at)
  return string.sub(s, at, at + length - 1), at + length
end

local function integer(value)
  local bytes = {}
  while value >= 128 do
    bytes[#bytes + 1] = string.char(value % 128 + 128)
    value = math.floor(value / 128)
  end
  bytes[#bytes + 1] = string.char(value)
  return table.concat(bytes)
end

local function signed(value)
  if value < 0 then return integer(-value * 2 - 1) end
  return integer(value * 2)
end

local function text(s) return integer(#s) .. s end

local function checksum(head, body, key)
  return struct.pack('>I4', tonumber(string.sub(redis.sha1hex(head .. body .. key), 1, 8), 16))
end

local function readData(s, at)
  local data, count = { order = {}, values = {} }, nil
  count, at = readInteger(s, at)
  for n = 1, count do
    local key
    key, at = readText(s, at)
    data.order[n] = key
    data.values[key], at = readText(s, at)
  end
  return data
end

local function readBody(s)
  local flags, at = string.byte(s, 2), 8
  local r = { persistent = has(flags, PERSISTENT), void = string.byte(s, 3) == 1 }
  if not r.void then
    r.hash, at = string.sub(s, at, at + 31), at + 32
    r.version, at = readInteger(s, at)
    r.generation, at = readInteger(s, at)
    r.created, at = readInteger(s, at)
    for _, name in ipairs({ 'epoch', 'rotated', 'seen', 'idle', 'absolute' }) do
      local distance
      distance, at = readSigned(s, at)
      r[name] = r.created + distance
    end
    if has(flags, SUBJECT) then r.subject, at = readText(s, at) end
    if has(flags, AUTHENTICATED) then
      local distance
      distance, at = readSigned(s, at)
      r.authenticated = r.created + distance
      r.methods, at = readText(s, at)
    end
    if has(flags, PREVIOUS) then
      local p = { hash = string.sub(s, at, at + 31) }
      p.sealed, at = readText(s, at + 32)
      p.superseded, at = readInteger(s, at)
      r.previous = p
    end
    if has(flags, CLIENT) then r.client, at = readText(s, at) end
    if has(flags, REVOKED) then
      r.revoked, at = readInteger(s, at)
      r.reason, at = readText(s, at)
    end
  end
  if has(flags, DOOM) then
    local d = {}
    d.cut, at = readInteger(s, at)
    d.subject, at = readText(s, at)
    d.at, at = readInteger(s, at)
    d.reason, at = readText(s, at)
    r.doom = d
  end
  r.data = has(flags, DATA) and readData(s, at) or { order = {}, values = {} }
  return r
end

-- The record under the key; nil where there is none, and a word instead where there is something else.
local function load(key)
  local s = redis.call('GET', key)
  if not s then return nil end
  local format = string.byte(s, 1) or 0
  if format > 1 and format < 32 then return nil, 'newer' end
  if format ~= 1 or #s < 8 then return nil, 'corrupt' end
  if checksum(string.sub(s, 1, 3), string.sub(s, 8), key) ~= string.sub(s, 4, 7) then
    return nil, 'corrupt'
  end
  local ok, r = pcall(readBody, s)
  if not ok then return nil, 'corrupt' end
  r.raw = s
  return r
end

local function packInto(out, r)
  for _, part in ipairs({
    r.hash, integer(r.version), integer(r.generation), integer(r.created),
    signed(r.epoch - r.created), signed(r.rotated - r.created), signed(r.seen - r.created),
    signed(r.idle - r.created), signed(r.absolute - r.created),
  }) do out[#out + 1] = part end
  local flags = r.persistent and PERSISTENT or 0
  local function add(flag, ...)
    flags = flags + flag
    for _, part in ipairs({ ... }) do out[#out + 1] = part end
  end
  if r.subject then add(SUBJECT, text(r.subject)) end
  if r.authenticated then
    add(AUTHENTICATED, signed(r.authenticated - r.created), text(r.methods))
  end
  if r.previous then
    add(PREVIOUS, r.previous.hash, text(r.previous.sealed), integer(r.previous.superseded))
  end
  if r.client then add(CLIENT, text(r.client)) end
  if r.revoked then add(REVOKED, integer(r.revoked), text(r.reason)) end
  return flags
end

local function pack(key, r)
  local out = {}
  local flags = r.void and 0 or packInto(out, r)
  if r.doom then
    local d = r.doom
    flags = flags + DOOM
    out[#out + 1] = integer(d.cut) .. text(d.subject) .. integer(d.at) .. text(d.reason)
  end
  if #r.data.order > 0 then
    flags = flags + DATA
    out[#out + 1] = integer(#r.data.order)
    for _, name in ipairs(r.data.order) do
      out[#out + 1] = text(name)
      out[#out + 1] = text(r.data.values[name])
    end
  end
  local head = string.char(1, flags, r.void and 1 or 0)
  local body = table.concat(out)
  return head .. checksum(head, body, key) .. body
end

-- Kept until it may be purged, and never without an end. Times are relative to the caller's clock.
local function save(key, r, now, slack)
  r.raw = pack(key, r)
  local untilAt = r.revoked and r.absolute or math.min(r.idle, r.absolute)
  local life = math.max(untilAt - now, 0) + slack
  redis.call('SET', key, r.raw, 'PX', string.format('%.0f', life))
  return r.raw
end

local function isLive(r, now) return not r.revoked and now < math.min(r.idle, r.absolute) end

local function milliseconds()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end
`

/** Reads the counters: from the key itself on a single server, from what the caller has read in a Cluster. */
export const EPOCHS_LUA = `
-- "1 <checksum> <current> <everyone> <everyoneAt> <start> <reason>"; nil where there is none, false where it is damaged.
local function parseEpochs(s, key)
  if not s then return nil end
  local sum, body = string.match(s, '^1 (%x%x%x%x%x%x%x%x) (.*)$')
  if not sum or string.sub(redis.sha1hex(body .. key), 1, 8) ~= sum then return false end
  local current, everyone, at, start, reason = string.match(body, '^(%d+) (%d+) (%d+) (%d+) (.*)$')
  return {
    current = tonumber(current), everyone = tonumber(everyone), at = tonumber(at),
    start = tonumber(start), reason = reason,
  }
end

-- Ended with everyone, or from before the counters were lost. A record that claims no epoch (0) cannot be told.
local function isDead(epochs, epoch)
  return epoch < epochs.everyone or (epoch > 0 and epoch < epochs.start)
end
`
