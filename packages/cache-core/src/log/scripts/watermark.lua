-- WATERMARK: everything committed before asOf has been dropped and appended.
-- include: server head
--
-- KEYS[1]  head
-- ARGV[1]  history  } under which the caller looked; any other refuses
-- ARGV[2]  blessing }
-- ARGV[3]  asOf, ms of this server's clock
-- ARGV[4]  appliedNo
--
-- Returns 1, or 0 when refused. Neither figure ever goes down.

local _, history, head = read_head(KEYS[1])
if not head or history ~= ARGV[1] or head.blessing ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], 'asOf', integer(math.max(head.asOf, tonumber(ARGV[3]))))
local applied_no = redis.call('HGET', KEYS[1], 'appliedNo') or '0'
if #ARGV[4] > #applied_no or (#ARGV[4] == #applied_no and ARGV[4] > applied_no) then
  redis.call('HSET', KEYS[1], 'appliedNo', ARGV[4])
end
return 1
