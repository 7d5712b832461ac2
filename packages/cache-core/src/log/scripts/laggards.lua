-- LAGGARDS: the replicas that may still serve from memory what the log entry X removes.
-- include: server head
--
-- KEYS[1]  head
-- KEYS[2]  applied
-- KEYS[3]  leases
-- ARGV[1]  X, '<blessing>-<n>'
--
-- Returns {'unblessed', history} or {'ok', history, blessing, laggards, ms until the last of their leases has run out}.

local _, history, head = read_head(KEYS[1])
if not head then
  return { 'unblessed', history }
end
local now = now_ms()
local blessing, n = split_id(ARGV[1])
local live = redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. integer(now), '+inf', 'WITHSCORES')
local laggards, wait = 0, 0
for index = 1, #live, 2 do
  local applied_blessing, applied = split_id(string.match(redis.call('HGET', KEYS[2], live[index]) or '', '^%S*'))
  if applied_blessing ~= blessing or applied < n then
    laggards = laggards + 1
    wait = math.max(wait, tonumber(live[index + 1]) - now)
  end
end
return { 'ok', history, head.blessing, laggards, integer(wait) }
