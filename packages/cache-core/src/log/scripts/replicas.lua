-- REPLICAS: the replicas known to a domain, for operators.
-- include: server head
--
-- KEYS[1]  head
-- KEYS[2]  applied
-- KEYS[3]  leases
--
-- Returns {time ms, last id or '', then replicaId, lease end ms, last applied id for each}.

local _, _, head = read_head(KEYS[1])
local answer = { integer(now_ms()), head and head.blessing .. '-' .. integer(head.last) or '' }
local leases = redis.call('ZRANGE', KEYS[3], 0, -1, 'WITHSCORES')
for index = 1, #leases, 2 do
  answer[#answer + 1] = leases[index]
  answer[#answer + 1] = leases[index + 1]
  answer[#answer + 1] = string.match(redis.call('HGET', KEYS[2], leases[index]) or '', '^%S*')
end
return answer
