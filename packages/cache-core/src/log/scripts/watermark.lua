-- WATERMARK: everything committed before asOf has been dropped and appended.
-- include: server head
--
-- KEYS[1]  head
-- ARGV[1]  history  } under which the caller looked; any other refuses
-- ARGV[2]  blessing }
-- ARGV[3]  asOf, ms of this server's clock
-- ARGV[4]  appliedNo
--
-- Returns 1, or 0 when refused, as is an asOf that this server's clock has not reached. Neither figure ever goes down, but for the
-- asOf of a clock that stepped back.

local _, history, head = read_head(KEYS[1])
if not head or history ~= ARGV[1] or head.blessing ~= ARGV[2] then
  return 0
end
local now, mark = now_ms(), tonumber(ARGV[3])
if mark > now then
  return 0
end
note_time(KEYS[1], head, now)
redis.call('HSET', KEYS[1], 'asOf', integer(math.max(head.asOf or mark, mark)))
local applied_no = redis.call('HGET', KEYS[1], 'appliedNo') or '0'
if #ARGV[4] > #applied_no or (#ARGV[4] == #applied_no and ARGV[4] > applied_no) then
  redis.call('HSET', KEYS[1], 'appliedNo', ARGV[4])
end
return 1
