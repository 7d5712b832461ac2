-- STATUS: who this server is, and whether it is blessed.
-- include: server head
--
-- KEYS[1]  head
--
-- Returns {time ms, primary, blessed, history, blessing of the head or '0', origin, asOf, appliedNo, validFrom}; the last four ''
-- when absent.

local primary, history, head = read_head(KEYS[1])
local values = redis.call('HMGET', KEYS[1], 'blessing', 'origin', 'asOf', 'appliedNo', 'validFrom')
return {
  integer(now_ms()),
  primary and 1 or 0,
  head and 1 or 0,
  history,
  values[1] or '0',
  values[2] or '',
  values[3] or '',
  values[4] or '',
  values[5] or '',
}
