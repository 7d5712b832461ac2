-- RENEW: reads the log to its end and extends a replica's freshness lease.
-- include: server head
--
-- KEYS[1]  head
-- KEYS[2]  log
-- KEYS[3]  applied: hash replicaId -> '<the last log id that it has applied> <the last log id that it was told>'
-- KEYS[4]  leases: sorted set replicaId -> lease end, ms of this server's clock
-- ARGV[1]  replicaId
-- ARGV[2]  the last log id that this replica has applied, or '' at first
-- ARGV[3]  leaseMs; never more than the domain's limit
-- ARGV[4]  maxEntries
-- ARGV[5]  ms after which the record of an expired lease is forgotten
--
-- Returns
--   {'unblessed'}                no lease
--   {'reset', blessing, validFrom, last id}
--                                no lease either: the replica flushes, starts at last id and renews again
--   {'no-watermark'}             no lease: this server's clock stepped back, and no relay has looked since
--   {'ok', blessing, validFrom, last id, leaseMs, age ms, asOf, maxStalenessMs, entry…}
--                                leaseMs is 0, and nothing is extended, for a replica that has not applied what it was told
--                                before: that answer was lost. Else a replica whose requests arrive and whose answers do
--                                not would hold up strong writers for as long as it keeps asking.
-- Late: records a lease that the replica does not use; strong writers wait for it to run out.

local _, _, head = read_head(KEYS[1])
if not head then
  return { 'unblessed' }
end
local last_id = head.blessing .. '-' .. integer(head.last)
local blessing, applied = split_id(ARGV[2])
local missing = applied and head.last - applied
if blessing ~= head.blessing or missing < 0 or missing > tonumber(ARGV[4]) then
  return { 'reset', head.blessing, head.validFrom, last_id }
end
local entries = {}
if missing > 0 then
  local found = redis.call('XRANGE', KEYS[2], head.blessing .. '-' .. integer(applied + 1), last_id)
  -- Ids are dense, so a trimmed, evicted or deleted log shows.
  if #found ~= missing then
    return { 'reset', head.blessing, head.validFrom, last_id }
  end
  for index, entry in ipairs(found) do
    entries[index] = entry[2][2]
  end
end
local now = now_ms()
note_time(KEYS[1], head, now)
if not head.asOf or head.asOf > now then
  return { 'no-watermark' }
end
local lease_ms = math.min(tonumber(ARGV[3]), head.leaseMs)
local told_blessing, told = split_id(string.match(redis.call('HGET', KEYS[3], ARGV[1]) or '', ' (.*)$') or '')
if told_blessing == blessing and applied < told then
  lease_ms = 0
else
  redis.call('ZADD', KEYS[4], integer(now + lease_ms), ARGV[1])
end
redis.call('HSET', KEYS[3], ARGV[1], ARGV[2] .. ' ' .. last_id)
local expired = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', integer(now - tonumber(ARGV[5])))
for _, replica in ipairs(expired) do
  -- Not its own: what it was told has to be remembered for as long as it asks.
  if replica ~= ARGV[1] then
    redis.call('HDEL', KEYS[3], replica)
    redis.call('ZREM', KEYS[4], replica)
  end
end
local answer = {
  'ok',
  head.blessing,
  head.validFrom,
  last_id,
  integer(lease_ms),
  integer(now - head.asOf),
  integer(head.asOf),
  integer(head.maxStalenessMs),
}
for _, entry in ipairs(entries) do
  answer[#answer + 1] = entry
end
return answer
