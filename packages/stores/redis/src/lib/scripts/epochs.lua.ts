import { EPOCHS_LUA, RECORD_LUA } from './record.lua.js'

/** Milliseconds after which the counter moves on by itself, so that it always tells within an hour how old a sign-in is. */
const HOUR = 3_600_000

/**
 * Reads the counters, or changes them. They are times of this server's clock, in milliseconds: should the key be lost, the
 * new ones are later than any old one, which ends whatever is from before (`start`).
 *
 * A replica says that it is one, by a write that changes nothing and that it refuses all the same: it may not know what
 * has been revoked. So does a server that has too few replicas for its settings: another one may have taken its place.
 *
 * ARGV: what ('read', 'subject', 'everyone'), the highest count that the caller knows, instant, reason, channel. Gives the
 * counters' text.
 */
export const EPOCHS_SCRIPT: string = `${RECORD_LUA}${EPOCHS_LUA}
local key, what, known = KEYS[1], ARGV[1], tonumber(ARGV[2])
local now = milliseconds()
local raw = redis.call('GET', key)
local e = parseEpochs(raw, key)
if e == false then return { 'corrupt' } end
local before = e and e.current
if not e then
  local start = math.max(now, known + 1)
  e = { current = start, everyone = 0, at = 0, start = start, reason = '' }
else
  -- A caller can only know more if counters were lost and begun again by a clock that had been set back.
  e.current = math.max(e.current, known)
  if what == 'read' and now - e.current > ${HOUR} then e.current = now end
end
if what ~= 'read' then e.current = math.max(e.current + 1, now) end
if what == 'everyone' then
  e.everyone, e.at, e.reason = e.current, tonumber(ARGV[3]), ARGV[4]
end
if e.current ~= before then
  local body = string.format('%.0f %.0f %.0f %.0f ', e.current, e.everyone, e.at, e.start) .. e.reason
  raw = '1 ' .. string.sub(redis.sha1hex(body .. key), 1, 8) .. ' ' .. body
  redis.call('SET', key, raw)
  local kind = (what == 'everyone' or not before) and 'r' or 'e'
  redis.call('PUBLISH', ARGV[5], kind .. string.format('%.0f', e.current))
else
  local probe = redis.pcall('SET', key, raw, 'NX')
  local refusal = type(probe) == 'table' and probe.err or ''
  if string.find(refusal, 'READONLY', 1, true) then return { 'replica' } end
  if string.find(refusal, 'NOREPLICAS', 1, true) then return { 'alone', raw } end
end
return { 'ok', raw }
`
