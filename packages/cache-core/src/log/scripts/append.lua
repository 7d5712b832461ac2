-- APPEND: adds invalidations to the log, under the blessing that the caller knew.
-- include: server head
--
-- KEYS[1]  head
-- KEYS[2]  log
-- ARGV[1]  the blessing that the caller works under
-- ARGV[2]  length to trim the log to
-- ARGV[3…] entries
--
-- Returns {'ok', history, blessing, last id}, {'unblessed', history} or {'other-blessing', history, blessing}.
-- Late: repeats invalidations, which is harmless.

local _, history, head = read_head(KEYS[1])
if not head then
  return { 'unblessed', history }
end
if head.blessing ~= ARGV[1] then
  return { 'other-blessing', history, head.blessing }
end
local n = head.last
for index = 3, #ARGV do
  n = n + 1
  redis.call('XADD', KEYS[2], head.blessing .. '-' .. integer(n), 'e', ARGV[index])
end
redis.call('XTRIM', KEYS[2], 'MAXLEN', ARGV[2])
redis.call('HSET', KEYS[1], 'last', integer(n))
return { 'ok', history, head.blessing, head.blessing .. '-' .. integer(n) }
